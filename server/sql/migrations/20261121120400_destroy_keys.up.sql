-- What closing an account destroys at once: everything sealed of a person, and what would open it in a backup's copy.
set local role keyloft_owner;

grant delete on keyloft.data_keys to keyloft_definer;

create function keyloft.destroy_keys(in_user_id uuid) returns void
  language plpgsql volatile security definer
  set search_path = ''
as $$
begin
  delete from public.api_keys k where k.user_id = in_user_id;
  delete from public.api_gateway_configs g where g.user_id = in_user_id;
  delete from keyloft.secrets s where s.user_id = in_user_id;
  delete from keyloft.data_keys d where d.user_id = in_user_id;
end
$$;
comment on function keyloft.destroy_keys(uuid) is 'Deletes a person''s provider keys and gateway, and every secret of theirs with the keys that open it.';
revoke all on function keyloft.destroy_keys(uuid) from public;
grant execute on function keyloft.destroy_keys(uuid) to service_role;
grant create on schema keyloft to keyloft_definer;
alter function keyloft.destroy_keys(uuid) owner to keyloft_definer;
revoke create on schema keyloft from keyloft_definer;
