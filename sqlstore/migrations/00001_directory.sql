-- Times are microseconds since 1970, UTC. KEY is text compared byte by byte.
-- The tenant comes first in every key, but for token hashes.

-- +goose Up
create table tenants (
  id       bigint not null primary key,
  name     KEY    not null unique,
  display  text   not null,
  created  bigint not null,
  settings text   not null,
  seq      bigint not null,
  setup    bigint not null,
  users    bigint not null,
  matched  bigint not null
);

-- What a request reads of a user is in doc and in facts (userfacts.go), because
-- every column that is read costs; the other columns are for indexes.
create table users (
  tenant      bigint   not null,
  id          KEY      not null,
  name_key    KEY,              -- folded userName of a living user
  gone_key    KEY,              -- folded userName of a removed one
  display_key KEY,
  group_id    KEY      not null,
  state       smallint not null,
  role        smallint not null,
  matched     boolean  not null,
  removed_at  bigint   not null,
  facts       text     not null,
  doc         text     not null,
  primary key (tenant, id)
);
create unique index users_name on users (tenant, name_key);
create index users_display on users (tenant, display_key);
create index users_group on users (tenant, group_id, id);
create index users_gone on users (tenant, gone_key) where gone_key is not null;
create index users_removed on users (tenant, removed_at) where removed_at > 0;
create index users_unmatched on users (tenant, id) where matched = false;
create index users_admins on users (tenant, role) where role > 0;

create table emails (
  tenant  bigint not null,
  key     KEY    not null,
  user_id KEY    not null,
  primary key (tenant, key, user_id)
) SLIM;

create table memberships (
  tenant  bigint not null,
  team_id KEY    not null,
  user_id KEY    not null,
  origin  KEY    not null,
  primary key (tenant, team_id, user_id, origin)
) SLIM;

create table links (
  tenant      bigint not null,
  connection  KEY    not null,
  user_id     KEY    not null,
  external_id KEY    not null,
  alias       text   not null,
  alias_key   KEY    not null,
  first_seen  bigint not null,
  last_word   bigint not null,
  primary key (tenant, user_id, connection)
) SLIM;
create index links_external on links (tenant, external_id) where external_id <> '';
create index links_alias on links (tenant, alias_key) where alias_key <> '';

create table groups (
  tenant   bigint  not null,
  id       KEY     not null,
  name     text    not null,
  also     text    not null,
  is_first boolean not null,
  created  bigint  not null,
  seq      bigint  not null,
  gone     boolean not null,
  primary key (tenant, id)
);
create index groups_seq on groups (tenant, seq);

create table group_names (
  tenant   bigint not null,
  name     KEY    not null,
  group_id KEY    not null,
  primary key (tenant, name)
);
create index group_names_group on group_names (tenant, group_id);

create table teams (
  tenant   bigint  not null,
  id       KEY     not null,
  group_id KEY     not null,
  name     text    not null,
  also     text    not null,
  created  bigint  not null,
  seq      bigint  not null,
  gone     boolean not null,
  primary key (tenant, id)
);
create index teams_seq on teams (tenant, seq);

create table team_names (
  tenant   bigint not null,
  group_id KEY    not null,
  key      KEY    not null,
  team_id  KEY    not null,
  primary key (tenant, group_id, key)
);
create index team_names_team on team_names (tenant, team_id);

create table connections (
  tenant      bigint  not null,
  id          KEY     not null,
  name        KEY     not null,
  deprovision text    not null,
  created     bigint  not null,
  seq         bigint  not null,
  gone        boolean not null,
  primary key (tenant, id)
);

create table tokens (
  hash       KEY    not null primary key,
  tenant     bigint not null,
  id         KEY    not null,
  name       text   not null,
  prefix     text   not null,
  owner      KEY    not null,
  connection KEY    not null,
  created    bigint not null,
  expires    bigint not null,
  last_used  bigint not null,
  ended      bigint not null,
  ended_why  text   not null,
  seq        bigint not null
);
create index tokens_seq on tokens (tenant, seq);

create table changes (
  tenant      bigint not null,
  seq         bigint not null,
  time        bigint not null,
  request     text   not null,
  actor       text   not null,
  connection  text   not null,
  type        text   not null,
  object      KEY    not null,
  kind        text   not null,
  value_before text  not null,
  value_after  text  not null,
  primary key (tenant, seq)
) SLIM;
create index changes_object on changes (tenant, object, seq);

create table activity (
  tenant     bigint   not null,
  id         KEY      not null,
  time       bigint   not null,
  connection text     not null,
  token      text     not null,
  client     text     not null,
  operation  text     not null,
  subject    KEY      not null,
  person     text     not null,
  status     smallint not null,
  scim_type  text     not null,
  code       text     not null,
  detail     text     not null,
  notes      text     not null,
  duration   bigint   not null,
  request    text     not null,
  first_change bigint not null,
  last_change  bigint not null,
  primary key (tenant, id)
) SLIM;
create index activity_subject on activity (tenant, subject, id);
create index activity_failed on activity (tenant, id) where status >= 400;

-- +goose Down
drop table activity;
drop table changes;
drop table tokens;
drop table connections;
drop table team_names;
drop table teams;
drop table group_names;
drop table groups;
drop table links;
drop table memberships;
drop table emails;
drop table users;
drop table tenants;
