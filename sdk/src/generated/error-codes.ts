// DO NOT EDIT. Made from the OpenAPI document by `npm run generate`; a test checks that it is fresh.

/** Every code of a refusal by a server of this version. A code keeps its meaning, and is never used for another. */
export const errorCodes = [
  'database.busy', // 503 Too much is being changed at once.
  'database.conflict', // 409 Something of this name exists already.
  'database.ended', // 500 A transaction was used after its end.
  'database.failed', // 500 The database refused this.
  'database.forbidden', // 403 This is not yours to do.
  'database.invalid', // 400 A value does not have the form that is needed.
  'database.limit_reached', // 409 There are as many as there may be.
  'database.nested', // 500 A transaction was begun inside another one.
  'database.not_committed', // 500 The change was not kept.
  'database.refused', // 400 The database does not take this.
  'database.unavailable', // 503 The database cannot be reached at the moment.
  'egress.bad_response', // 502 The host answered with something that is not HTTP.
  'egress.busy', // 503 Too many hosts are being called at once.
  'egress.closed', // 503 The server is stopping.
  'egress.credentials_refused', // 400 An address must not hold a user name or password.
  'egress.host_refused', // 400 This host is not called.
  'egress.port_refused', // 400 This port is not called.
  'egress.redirect_refused', // 502 The host sent us elsewhere, in a way that is not followed.
  'egress.request_invalid', // 400 A header, method or path of this request cannot be sent.
  'egress.scheme_refused', // 400 Addresses of this scheme are not called.
  'egress.timeout', // 504 The host took too long.
  'egress.tls_failed', // 502 No secure connection to the host came about.
  'egress.too_large', // 502 The answer of the host is larger than allowed.
  'egress.too_many_redirects', // 502 The host sent us elsewhere too often.
  'egress.unreachable', // 502 The host could not be reached, or it hung up.
  'egress.unresolvable', // 502 The host name could not be resolved.
  'egress.url_invalid', // 400 This is not an address that can be called.
  'gateway.bad_answer', // 502 The provider answered with something that cannot be passed on.
  'gateway.body_ambiguous', // 400 A field of the body stands there twice.
  'gateway.form_unreadable', // 400 The form cannot be read without doubt.
  'gateway.key_refused', // 502 The provider refused the key of this server.
  'gateway.ledger_away', // 503 Calls cannot be written down at the moment, so none is made.
  'gateway.path_refused', // 400 This path could lead elsewhere than it says.
  'gateway.provider_down', // 503 The provider has failed several times in a row and is left alone for a moment.
  'gateway.resting', // 429 The provider asked for a pause that is not over yet.
  'gateway.too_slow', // 504 The provider took too long to answer.
  'gateway.unknown_object', // 404 There is no such thing of yours.
  'gateway.unknown_provider', // 404 There is no such provider here.
  'gateway.unreachable', // 502 The provider could not be reached, or it hung up before it answered.
  'http.bad_host', // 400 The Host header is not a host.
  'http.bad_idempotency_key', // 400 An Idempotency-Key has 1 to 255 visible characters.
  'http.bad_request', // 400 The request could not be read.
  'http.forbidden', // 403 This credential does not allow that.
  'http.idempotency_in_progress', // 409 A request with this Idempotency-Key is still under way.
  'http.idempotency_mismatch', // 409 This Idempotency-Key was used for another request.
  'http.idempotency_not_replayable', // 409 This was done already, and its reply held a secret that is not kept.
  'http.internal', // 500 Something went wrong on our side.
  'http.invalid', // 400 The request does not have the form that is needed.
  'http.not_found', // 404 There is nothing at this address.
  'http.rate_limited', // 429 Too many requests.
  'http.starting', // 503 Keyloft is starting.
  'http.stopping', // 503 Keyloft is stopping.
  'http.too_large', // 413 The request body is too large.
  'http.unauthorized', // 401 This needs a valid credential.
  'http.unsupported_media_type', // 415 The body must be application/json.
  'identity.issuer_unavailable', // 503 The sign-in service cannot be reached at the moment.
  'identity.kept_elsewhere', // 404 Accounts are kept by Supabase here.
  'identity.keys_unavailable', // 503 The keys of the sign-in service cannot be fetched at the moment.
  'identity.no_such_user', // 404 There is no such user.
  'identity.not_yourself', // 409 Nobody takes their own rights away.
  'identity.nothing_to_claim', // 409 No anonymous account belongs to this session.
  'identity.unauthorized', // 401 This credential is not valid.
  'keyring.cannot_open', // 500 A sealed value could not be opened with the present root keys.
  'ledger.invalid_call', // 400 This call cannot be written down.
  'ledger.quota_exceeded', // 429 This call could pass a limit of yours, so it is not made.
  'ledger.service_limit_reached', // 429 The service has spent what it may spend on calls that it pays for itself, so this one is not made. It is no limit of yours.
  'ledger.service_limit_unbounded', // 422 Nobody can tell what this call may use at most, and the service must not spend without bound, so it is not made.
  'ledger.unavailable', // 503 Calls cannot be written down at the moment, so none is made.
  'ledger.unbounded_call', // 422 Nobody can tell what this call may use at most, and a hard limit holds for it, so it is not made.
  'mail.refused', // 502 The mail service did not take a mail.
  'models.outdated', // 409 Prices of this date or later are there already, and differ.
  'queue.cannot_join', // 500 This transaction cannot carry a job: its login has no rights on the queue.
  'queue.invalid_input', // 400 A job was given input of another form than it takes.
  'queue.unknown_job', // 500 This job is not registered.
  'quotas.no_such_quota', // 404 No such limit.
  'quotas.no_such_user', // 404 Nobody here has this id.
  'quotas.nothing_limited', // 400 Nothing is limited.
  'resolver.fallback_disabled', // 422 User has disabled Gateway fallback; no per-user BYOK keys found.
  'resolver.key_limit_reached', // 429 The keys that could serve this call have been used as often as their limits allow.
  'resolver.lookup_failed', // 503 The keys could not be looked up, and nothing else is tried in their place.
  'resolver.model_not_allowed', // 403 This token may not be used for this model, nor for calls that name none.
  'resolver.no_key', // 422 No provider key found for user and no server-side fallback keys configured; please add a provider API key (BYOK) for one of: openai, openrouter, anthropic, xai, or configure server-side fallback keys: OPENAI_API_KEY, OPENROUTER_API_KEY, ANTHROPIC_API_KEY, XAI_API_KEY.
  'resolver.not_served', // 422 There are keys, but none that can serve this call.
  'resolver.own_key_needed', // 422 This needs a provider key of your own: with a key of the server it would reach what others keep there.
  'resolver.own_keys_only', // 422 User allows only keys of their own, and none of those can serve this call.
  'resolver.resting', // 503 The keys that could serve this call are left alone for a moment, because they failed.
  'rpc.no_such_user', // 409 There is no such user.
  'rpc.not_a_uuid', // 400 invalid input syntax for type uuid
  'secret.cannot_open', // 500 A stored secret could not be opened.
  'server.not_migrated', // 503 The database does not have the migrations of this version.
  'settings.no_such_setting', // 404 This person has no such setting.
  'settings.no_such_user', // 404 There is no such user.
  'tokens.beyond_own', // 403 A token cannot make one that may do more, or for longer, than itself.
  'tokens.not_found', // 404 There is no such token.
  'tokens.over_already', // 400 expiresAt lies in the past.
  'tokens.too_many', // 409 You have 20 tokens, and nobody may have more.
  'usage.no_such_call', // 404 There is no such call of yours.
  'usage.no_such_user', // 404 Nobody here has this id, so nothing was written down.
  'usage.outside_of_time', // 400 A call is recorded within 31 days of its beginning, and not before it.
  'vault.base_url_has_query', // 400 The address of a gateway has no ? or # in it.
  'vault.base_url_misplaced', // 400 Only a gateway has a base URL of its own.
  'vault.gateway_key_needed', // 409 Your gateway key was stored for another host.
  'vault.host_changed', // 409 This key was stored for another host and is not sent to the present one.
  'vault.key_exists', // 409 A key of this provider and name exists already.
  'vault.key_malformed', // 400 This does not look like a provider key.
  'vault.key_not_found', // 404 There is no such key.
  'vault.not_verifiable', // 409 Keys of this provider can be stored, but not verified.
  'vault.unknown_provider', // 400 This provider is not known here.
] as const
