import type { Clue } from '../core/events.ts'
import type { Cgroup } from '../ports/cgroup.ts'
import type { Clock } from '../ports/clock.ts'

/**
 * Tells whether a death by SIGKILL was the kernel's doing, for want of memory. It counts its kills for the container as a whole,
 * before they happen, and does not say whom: so it is certain only where they are as many as the deaths by SIGKILL of late.
 */
export class OomKills {
  readonly #clock: Clock
  readonly #cgroup: Pick<Cgroup, 'oomKills'>
  #asked: ((clue: Clue | undefined) => void)[] = []
  #deaths = 0
  #isJudging = false
  #counted: number | undefined
  #recent = { second: 0, deaths: 0, kills: 0 }
  #before = { deaths: 0, kills: 0 }

  constructor(clock: Clock, cgroup: Pick<Cgroup, 'oomKills'>) {
    this.#clock = clock
    this.#cgroup = cgroup
    // Its files are looked for when the first children are on their way.
    this.look()
  }

  /** Something has ended: what was counted before now has nothing to do with what ends later. */
  look(): void {
    if (this.#isJudging) return
    this.#isJudging = true
    this.#clock.afterPoll(() => {
      this.#isJudging = false
      this.#judge()
    })
  }

  /** A process was ended by SIGKILL: who asks hears at the end of this turn, when all are known that ended in it. */
  died(tell?: (clue: Clue | undefined) => void): void {
    this.#deaths += 1
    if (tell) this.#asked.push(tell)
    this.look()
  }

  /** A process ended with the code of such a death, as a shell does when it was its child's. */
  passedOn(tell: (clue: Clue | undefined) => void): void {
    this.#asked.push((clue) => tell(clue && 'possible-oom-kill'))
    this.look()
  }

  #judge(): void {
    this.#advance()
    const count = this.#cgroup.oomKills()
    this.#recent.kills += Math.max(0, (count ?? 0) - (this.#counted ?? count ?? 0))
    this.#recent.deaths += this.#deaths
    this.#counted = count
    this.#deaths = 0
    const kills = this.#recent.kills + this.#before.kills
    const deaths = this.#recent.deaths + this.#before.deaths
    const certain = kills >= deaths ? 'oom-kill' : 'possible-oom-kill'
    for (const tell of this.#asked.splice(0)) tell(kills === 0 ? undefined : certain)
  }

  /** Of late is this second and the one before. */
  #advance(): void {
    const second = Math.floor(this.#clock.now().monoMs / 1000)
    const { second: last, deaths, kills } = this.#recent
    if (second === last) return
    this.#before = second === last + 1 ? { deaths, kills } : { deaths: 0, kills: 0 }
    this.#recent = { second, deaths: 0, kills: 0 }
  }
}
