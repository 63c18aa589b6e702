-- Joint committees, and what may be done without one.

create schema governance;
revoke all on schema governance from public;

select platform.make_login('governance', kind) from unnest(array['borough', 'work']) kind;

create table governance.committee (
  borough_id uuid not null,
  committee_id uuid not null,
  name text not null check (length(name) between 1 and 200),
  basis text not null check (basis in ('joint_committee', 'committees_in_common', 'executive', 'advisory')),
  access_regime text not null check (access_regime in ('executive', 'local_government_act_1972', 'nhs', 'none')),
  parents text[] not null check (cardinality(parents) between 1 and 20),
  phase text not null check (phase in ('proposed', 'shadow')),
  source text not null check (length(source) between 1 and 500),
  version bigint not null default 1,
  created_at timestamptz not null,
  primary key (borough_id, committee_id)
);
create unique index committee_name on governance.committee (borough_id, lower(name));

create table governance.committee_move (
  borough_id uuid not null,
  committee_id uuid not null,
  number bigint not null,
  from_phase text not null,
  to_phase text not null,
  reason text not null check (length(reason) between 1 and 500),
  client_id text not null,
  moved_at timestamptz not null,
  primary key (borough_id, committee_id, number),
  foreign key (borough_id, committee_id) references governance.committee
);

-- The scheme of delegation: versions of the limit of each role. Append-only.
create table governance.delegation (
  borough_id uuid not null,
  delegation_id uuid not null,
  role text not null,
  limit_pence bigint not null check (limit_pence >= 0),
  in_force_from date not null,
  source text not null check (length(source) between 1 and 500),
  recorded_at timestamptz not null,
  primary key (borough_id, delegation_id),
  constraint delegation_one_a_day unique (borough_id, role, in_force_from)
);

do $$
declare t text;
begin
  foreach t in array array['committee', 'committee_move', 'delegation'] loop
    execute format('alter table governance.%I enable row level security', t);
    execute format('alter table governance.%I force row level security', t);
    execute format('create policy borough on governance.%I to governance_borough
                    using (borough_id = (select platform.borough()))
                    with check (borough_id = (select platform.borough()))', t);
  end loop;
end $$;

grant select, insert on governance.committee, governance.committee_move, governance.delegation to governance_borough;
grant update (phase, version) on governance.committee to governance_borough;
