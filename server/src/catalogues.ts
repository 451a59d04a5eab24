import { gatewayErrors } from './domains/gateway/errors.ts'
import { identityErrors } from './domains/identity/errors.ts'
import { ledgerErrors } from './domains/ledger/errors.ts'
import { modelsErrors } from './domains/models/errors.ts'
import { quotasErrors } from './domains/quotas/errors.ts'
import { resolverErrors } from './domains/resolver/errors.ts'
import { settingsErrors } from './domains/settings/errors.ts'
import { tokenErrors } from './domains/tokens/errors.ts'
import { usageErrors } from './domains/usage/errors.ts'
import { rpcErrors, vaultErrors } from './domains/vault/errors.ts'
import { databaseErrors } from './platform/database/errors.ts'
import { egressErrors } from './platform/egress/errors.ts'
import { httpErrors } from './platform/http/errors.ts'
import type { Catalogue } from './platform/http/openapi.ts'
import { mailErrors } from './platform/mail/errors.ts'
import { queueErrors } from './platform/queue/errors.ts'
import { keyringErrors } from './platform/sealing/keyring.ts'
import { sealingErrors } from './platform/sealing/secret.ts'
import { serverErrors } from './readiness.ts'

/** Every catalogue of the server: the OpenAPI document lists their codes, and the SDK has them from there. */
export const catalogues: readonly Catalogue[] = [
  databaseErrors,
  egressErrors,
  gatewayErrors,
  httpErrors,
  identityErrors,
  keyringErrors,
  ledgerErrors,
  mailErrors,
  modelsErrors,
  queueErrors,
  quotasErrors,
  resolverErrors,
  rpcErrors,
  sealingErrors,
  serverErrors,
  settingsErrors,
  tokenErrors,
  usageErrors,
  vaultErrors,
]
