set local role keyloft_owner;

drop function keyloft.open_calls(uuid[], uuid[], timestamptz[], text[], text[], text[], text[], text[], uuid[], uuid[], json[], numeric[], integer, bigint[], bigint[], bigint[], bigint[], uuid[], integer[]);
drop function keyloft.verdicts_of(uuid[], uuid[], text, bigint[]);
drop function keyloft.is_call(uuid, uuid, timestamptz, text, text, text, text, text);
