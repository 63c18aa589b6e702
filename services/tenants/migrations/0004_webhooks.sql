-- Webhooks: where a borough wants to be told of what changes.
create table tenants.webhook (
  borough_id uuid not null references tenants.borough,
  webhook_id uuid not null,
  url text not null check (length(url) between 1 and 2000),
  description text not null check (length(description) between 1 and 200),
  services text[] not null check (cardinality(services) between 1 and 3),
  actions text[] not null check (cardinality(actions) <= 50),
  state text not null check (state in ('active', 'paused', 'disabled', 'deleted')),
  failing_since timestamptz,
  created_at timestamptz not null,
  version bigint not null default 1,
  primary key (borough_id, webhook_id)
);
create table tenants.webhook_move (
  borough_id uuid not null,
  webhook_id uuid not null,
  number bigint not null,
  from_state text not null,
  to_state text not null,
  reason text not null check (length(reason) between 1 and 500),
  client_id text not null,
  moved_at timestamptz not null,
  primary key (borough_id, webhook_id, number),
  foreign key (borough_id, webhook_id) references tenants.webhook (borough_id, webhook_id)
);
-- What a webhook's deliveries are signed with: encrypted, under a key outside the database.
create table tenants.webhook_secret (
  borough_id uuid not null,
  webhook_id uuid not null,
  number bigint not null,
  sealed bytea not null check (length(sealed) between 64 and 200),
  public_key text not null check (length(public_key) <= 100),
  created_at timestamptz not null,
  retires_at timestamptz,
  primary key (borough_id, webhook_id, number),
  foreign key (borough_id, webhook_id) references tenants.webhook (borough_id, webhook_id)
);
-- Up to which change of each service a webhook was told.
create table tenants.webhook_cursor (
  borough_id uuid not null,
  webhook_id uuid not null,
  service text not null,
  number bigint not null,
  primary key (borough_id, webhook_id, service),
  foreign key (borough_id, webhook_id) references tenants.webhook (borough_id, webhook_id)
);
create table tenants.webhook_delivery (
  borough_id uuid not null,
  webhook_id uuid not null,
  delivery_id uuid not null,
  -- The order they were added in.
  place bigint generated always as identity,
  event_id text not null check (length(event_id) <= 60),
  type text not null check (length(type) <= 200),
  body text not null check (length(body) <= 20000),
  state text not null check (state in ('pending', 'delivered', 'failed')),
  attempts integer not null default 0,
  replays uuid,
  created_at timestamptz not null,
  ended_at timestamptz,
  -- When it is to be tried; none when it is not.
  next_at timestamptz,
  -- Until when whoever tries it has it to itself.
  leased_until timestamptz,
  primary key (borough_id, webhook_id, delivery_id),
  foreign key (borough_id, webhook_id) references tenants.webhook (borough_id, webhook_id)
);
create index webhook_delivery_due on tenants.webhook_delivery (next_at) where next_at is not null;
create index webhook_delivery_leased on tenants.webhook_delivery (borough_id, webhook_id) where leased_until is not null;
create table tenants.webhook_attempt (
  borough_id uuid not null,
  webhook_id uuid not null,
  delivery_id uuid not null,
  number integer not null,
  at timestamptz not null,
  took_ms integer not null,
  status integer,
  failure text check (length(failure) <= 300),
  answer text check (length(answer) <= 1024),
  primary key (borough_id, webhook_id, delivery_id, number),
  foreign key (borough_id, webhook_id, delivery_id)
    references tenants.webhook_delivery (borough_id, webhook_id, delivery_id) on delete cascade
);

do $$
declare t text;
begin
  foreach t in array array['webhook', 'webhook_move', 'webhook_secret', 'webhook_cursor', 'webhook_delivery', 'webhook_attempt'] loop
    execute format('alter table tenants.%I enable row level security', t);
    execute format('alter table tenants.%I force row level security', t);
    execute format('create policy borough on tenants.%I to tenants_borough
      using (borough_id = (select platform.borough())) with check (borough_id = (select platform.borough()))', t);
  end loop;
end $$;
grant select, insert, update (url, description, services, actions, state, failing_since, version) on tenants.webhook
  to tenants_borough;
grant select, insert on tenants.webhook_move, tenants.webhook_attempt to tenants_borough;
grant select, insert, update (retires_at) on tenants.webhook_secret to tenants_borough;
grant select, insert, update (number) on tenants.webhook_cursor to tenants_borough;
grant select, insert, delete, update (state, attempts, ended_at, next_at, leased_until) on tenants.webhook_delivery
  to tenants_borough;

-- Work sees which webhooks are to be fed, and which deliveries are due: ids and times only.
create policy work on tenants.webhook_cursor for select to tenants_work using (true);
grant select (borough_id, webhook_id) on tenants.webhook_cursor to tenants_work;
create policy work on tenants.webhook_delivery to tenants_work using (true) with check (true);
grant select (borough_id, webhook_id, delivery_id, place, next_at, leased_until), update (leased_until)
  on tenants.webhook_delivery to tenants_work;

-- What a borough is told is what changed in it in every service, in the numbers that `/changes` gives.
create policy told on platform.change for select to tenants_borough using (borough_id = (select platform.borough()));
