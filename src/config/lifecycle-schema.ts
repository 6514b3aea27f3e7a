import { Type } from '@sinclair/typebox'
import { map, seconds, signal } from './fields.ts'
import { ExecSchema, HttpGetSchema } from './probe-schema.ts'

/** What is done around start and stop. */
export const LifecycleSchema = map(
  {
    stopSignal: signal('The same as `stopSignal` of the process.'),
    postStart: hook(
      'Done when the command is executing. Until it has ended the process is starting; when it fails, it is stopped and restarted.',
    ),
    preStop: hook(
      'Done before the stop signal, which follows in any case. Its time counts inside the grace.',
    ),
  },
  'What happens around start and stop.',
)

function hook(description: string) {
  return Type.Optional(
    map(
      {
        exec: Type.Optional(ExecSchema),
        httpGet: Type.Optional(HttpGetSchema),
        sleep: Type.Optional(
          map({ seconds: Type.Optional(seconds('How long.'), false) }, 'Nothing, for a time.'),
        ),
      },
      description,
    ),
  )
}
