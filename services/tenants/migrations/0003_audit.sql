-- Who keeps the chain of the audit trail: this service, and no other.

grant select, delete on platform.audit_waiting to tenants_borough, tenants_platform;
grant select, insert on platform.audit_link, platform.audit_checkpoint to tenants_borough, tenants_platform;
create policy work on platform.audit_waiting for select to tenants_work using (true);
grant select (borough_id, position) on platform.audit_waiting to tenants_work;
