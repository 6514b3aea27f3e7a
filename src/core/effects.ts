import type { HookName, ProbeName } from '../plan/instance-spec.ts'
import type { Addresses } from '../plan/plan.ts'
import type { ProcessSpec } from '../plan/process-spec.ts'
import type { DeadlineKey } from './events.ts'
import type { Past } from './state.ts'

/** What the core wants done. An effect is started; its outcome is a later event. */
export type Effect =
  | {
      readonly type: 'spawn'
      readonly run: number
      readonly number: number
      readonly spec: ProcessSpec
    }
  /** Forget a `spawn` that has not begun; `spawnFailed` (ECANCELED) answers. No answer when it has begun. */
  | { readonly type: 'cancelSpawn'; readonly run: number }
  /** Asks the main process of the run to end, which has not been reported as ended, or its whole process group: who is suspended goes on, and hears it. */
  | {
      readonly type: 'stop'
      readonly run: number
      readonly signal: number
      readonly to: 'process' | 'group'
    }
  /** To the main process of the run, which has not been reported as ended, or to its whole process group. */
  | {
      readonly type: 'signal'
      readonly run: number
      readonly signal: number
      readonly to: 'process' | 'group'
    }
  /** What somebody sends: to the main process of the run, which has not been reported as ended, or to it and what comes of it. */
  | {
      readonly type: 'send'
      readonly run: number
      readonly signal: number
      readonly to: 'process' | 'tree'
    }
  /** To the main process of the run, if it has a handler for it. */
  | { readonly type: 'offer'; readonly run: number; readonly signal: number }
  /**
   * To all that lives of the run's tree once its main process has ended, but for its process group where `sparesGroup` is set;
   * `emptied` follows when nothing lives.
   */
  | {
      readonly type: 'endTree'
      readonly run: number
      readonly signal: number
      readonly sparesGroup: boolean
    }
  /** The main process of the run has ended, and what it left may live on. */
  | { readonly type: 'abandon'; readonly run: number }
  /** One try of the probe, at that time and for `timeoutMs` at most; `probed` follows. One at a time of each probe. */
  | {
      readonly type: 'probe'
      readonly run: number
      readonly probe: ProbeName
      readonly atMonoMs: number
      readonly timeoutMs: number
    }
  /** The run is one of this spec from now on; what it was started as is the same. */
  | {
      readonly type: 'adopt'
      readonly run: number
      readonly number: number
      readonly spec: ProcessSpec
    }
  /** Forget a `probe` that was not answered, and end it when it has begun; no answer follows. */
  | { readonly type: 'stopProbe'; readonly run: number; readonly probe: ProbeName }
  /** Begin the hook; `answered` follows. One at a time of each run. */
  | { readonly type: 'ask'; readonly run: number; readonly hook: HookName }
  /** End a hook that was not answered; no answer follows. */
  | { readonly type: 'dismiss'; readonly run: number; readonly hook: HookName }
  /** Look for connections to these sockets of the process that nobody has accepted; `connected` follows, once. */
  | {
      readonly type: 'watchSockets'
      readonly process: string
      readonly sockets: readonly string[]
    }
  /** Forget `watchSockets`; no answer follows. */
  | { readonly type: 'unwatchSockets'; readonly process: string }
  /** Sets, replaces or (null) removes a deadline. */
  | { readonly type: 'wake'; readonly key: DeadlineKey; readonly atMonoMs: number | null }
  /** To everything else that lives below Ringmaster; `swept` follows when nothing does. */
  | { readonly type: 'sweep'; readonly signal: number }
  /** Let Ringmaster be reached there, and nowhere else. What that takes was prepared when the plan was read. */
  | ({ readonly type: 'move' } & Addresses)
  /** Read and check the files of the start again; `configRead` follows. */
  | { readonly type: 'readConfig' }
  /** There is no instance of that name any more; one that is made later has nothing to do with it. */
  | { readonly type: 'forget'; readonly instance: string }
  /** Write to the log files that have the names now: those that are open may have been renamed. */
  | { readonly type: 'reopenLogs' }
  /** Revisions have changed: these are to be found again by the next start. */
  | { readonly type: 'keepRevisions'; readonly past: readonly Past[] }
  | { readonly type: 'exit'; readonly code: number }
