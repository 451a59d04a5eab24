import { defineErrors } from '../../base/errors.ts'

export const quotasErrors = defineErrors('quotas', {
  no_such_quota: {
    status: 404,
    message: 'No such limit.',
    hint: 'It is named by its id, or by all that it is of: type, provider, model, spend.',
  },
  no_such_user: { status: 404, message: 'Nobody here has this id.', hint: 'GET /api/admin/users lists who is here.' },
  nothing_limited: { status: 400, message: 'Nothing is limited.', hint: 'Give requestLimit, tokenLimit or costLimitUsd.' },
})
