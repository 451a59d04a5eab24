set local role keyloft_owner;

drop policy "the server asks which files were applied" on keyloft_migrations.files;
drop policy "the server asks what was applied" on keyloft_migrations.applied;
revoke select on keyloft_migrations.applied, keyloft_migrations.files from keyloft_definer;
revoke usage on schema keyloft_migrations from keyloft_definer;

drop function keyloft.applied_migrations();
drop table keyloft.logins;
