-- Other names a body is printed under in ledgers, as the tenants service tells them.
alter table budgets.party add column aliases text[] not null default '{}';
grant update (aliases) on budgets.party to budgets_borough;
