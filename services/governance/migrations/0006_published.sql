-- What the law opens to everybody (Local Government Act 1972 Part VA; SI 2012/2089). The public's role is granted this
-- table and the names of live boroughs, and no other: what is exempt cannot leak from where it is not (rule 46).

select platform.make_login('governance', 'public');

create table governance.published (
  borough_id uuid not null,
  kind text not null check (kind in ('meeting', 'decision', 'minutes', 'plan_entry')),
  subject_id uuid not null,
  committee_id uuid not null,
  committee_name text not null check (length(committee_name) between 1 and 200),
  title text not null check (length(title) between 1 and 500),
  -- the day of the meeting or decision
  on_date date not null,
  starts_at timestamptz check ((starts_at is null) = (kind <> 'meeting')),
  body jsonb not null,
  published_at timestamptz not null,
  updated_at timestamptz not null,
  version bigint not null default 1,
  primary key (borough_id, kind, subject_id)
);
create index on governance.published (borough_id, kind, on_date, subject_id);

alter table governance.published enable row level security;
alter table governance.published force row level security;
create policy borough on governance.published to governance_borough
  using (borough_id = (select platform.borough())) with check (borough_id = (select platform.borough()));
grant select, insert, delete on governance.published to governance_borough;
grant update (committee_name, title, on_date, starts_at, body, updated_at, version) on governance.published to governance_borough;

-- A sandbox is in no region, and nobody's public record: no row of one is seen, whatever the context says.
create policy public on governance.borough for select to governance_public using (region is not null);
grant select (borough_id, slug, gss, name, region) on governance.borough to governance_public;
create policy public on governance.published for select to governance_public
  using (borough_id = (select platform.borough())
    and exists (select from governance.borough b where b.borough_id = (select platform.borough())));
grant select on governance.published to governance_public;
