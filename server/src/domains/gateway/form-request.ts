import type { IncomingMessage } from 'node:http'
import { httpErrors } from '../../platform/http/errors.ts'
import { type CallRequest, splice } from './call-request.ts'
import { FormFields } from './form-fields.ts'
import { requireRoom, Upload } from './upload.ts'

/** So much is waited for, to know the model before a key is chosen. */
const mostHeadBytes = 64 * 1024
const longestModel = 200

/** A form goes through piece by piece. Its model is read where it stands before the files; a later one is only written down. */
export async function readFormRequest(source: IncomingMessage, mostBytes: number): Promise<CallRequest> {
  requireRoom(source, mostBytes)
  const contentType = source.headers['content-type'] ?? ''
  if (!/^multipart\/form-data\s*;/i.test(contentType))
    throw httpErrors.unsupported_media_type({ message: 'The body must be multipart/form-data.' })
  const fields = new FormFields(contentType, 'model')
  const upload = new Upload(source, { mostBytes, onlooker: fields })
  await upload.readHead(() => fields.found !== undefined, mostHeadBytes)
  const early = fields.found
  if (early && (early.text.trim() === '' || early.text.length > longestModel || /\p{Cc}/u.test(early.text)))
    throw httpErrors.invalid({ message: 'The field model is no text, or too long.' })
  return {
    model: early?.text,
    streams: false,
    lacksUsageWish: false,
    asked: { inputBytes: upload.lengthBytes ?? mostBytes, hasMedia: true },
    text: undefined,
    contentType,
    upload,
    lateModel: () => (early ? undefined : fields.found?.text.slice(0, longestModel)),
    rewritten({ model }) {
      if (!early || model === early.text) return upload.stream()
      upload.growsBy = Buffer.byteLength(model) - (early.end - early.start)
      return upload.stream((head) => splice(head, [{ start: early.start, end: early.end, text: model }]))
    },
  }
}
