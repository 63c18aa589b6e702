-- Tokens that their clients handed back (RFC 7009), until they would have ended: minutes. Holds no secret; whoever checks
-- tokens reads all of it, as the epochs.

create table platform.revoked_token (
  token_id text primary key check (length(token_id) between 1 and 64),
  client_id text not null check (length(client_id) between 1 and 120),
  expires_at timestamptz not null
);
create index on platform.revoked_token (client_id);
create index on platform.revoked_token (expires_at);

alter table platform.revoked_token enable row level security;
alter table platform.revoked_token force row level security;

create policy issuer on platform.revoked_token to kind_issuer using (true) with check (true);
grant select, insert on platform.revoked_token to kind_issuer;
create policy work on platform.revoked_token to kind_work using (true);
grant select (token_id, expires_at), delete on platform.revoked_token to kind_work;
