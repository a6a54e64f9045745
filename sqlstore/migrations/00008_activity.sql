-- What came in over SCIM, for people who look after it.

-- +goose Up
alter table tenants add column waiting bigint not null default 0; -- rows of refusals

-- What was sent and what was answered, beside its row of activity.
create table activity_details (
  tenant   bigint not null,
  id       KEY    not null,     -- of the activity, and so in the order of time
  path     text   not null,
  exchange BYTES  not null,
  primary key (tenant, id)
);

-- The last refused write of each person, until his next one works.
create table refusals (
  tenant     bigint   not null,
  subject    KEY      not null,   -- as in activity
  cause      KEY      not null,
  person     text     not null,
  client     text     not null,
  method     text     not null,
  path       text     not null,
  status     smallint not null,
  detail     text     not null,
  request    text     not null,
  activity   KEY      not null,
  first_seen bigint   not null,
  last_seen  bigint   not null,
  body       text     not null,
  primary key (tenant, subject)
);
create index refusals_cause on refusals (tenant, cause, subject);
create index refusals_seen on refusals (tenant, last_seen);

-- Why they wait, counted.
create table causes (
  tenant     bigint not null,
  id         KEY    not null,
  connection KEY    not null,
  type       text   not null,   -- User or Group
  code       text   not null,
  value      text   not null,
  detail     text   not null,
  client     text   not null,
  waiting    bigint not null,
  first_seen bigint not null,
  last_seen  bigint not null,
  primary key (tenant, id)
);
create index causes_waiting on causes (tenant, waiting, id);

-- Counts by the hour, and, in the hour 0, since ever.
create table tallies (
  tenant     bigint not null,
  hour       bigint not null,   -- hours since 1970
  connection KEY    not null,
  name       KEY    not null,
  n          bigint not null,
  first_seen bigint not null,
  last_seen  bigint not null,
  primary key (tenant, hour, connection, name)
) SLIM;

-- People of whom an admin is asked something.
create table marks (
  tenant     bigint not null,
  kind       KEY    not null,
  user_id    KEY    not null,
  connection KEY    not null,
  at         bigint not null,
  note       text   not null,
  primary key (tenant, kind, user_id)
) SLIM;
create index marks_user on marks (tenant, user_id);

-- Teams that an attribute has made.
create table made_teams (
  tenant     bigint not null,
  connection KEY    not null,
  attribute  KEY    not null,
  team_id    KEY    not null,
  at         bigint not null,
  primary key (tenant, team_id, attribute, connection)
) SLIM;

-- What an admin has decided about entries of Needs attention.
create table attention_seen (
  tenant bigint not null,
  entry  KEY    not null,
  at     bigint not null,
  actor  text   not null,
  primary key (tenant, entry)
) SLIM;

-- +goose Down
drop table attention_seen;
drop table made_teams;
drop table marks;
drop table tallies;
drop table causes;
drop table refusals;
drop table activity_details;
alter table tenants drop column waiting;
