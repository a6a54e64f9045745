-- IdP groups: members are rows of their own. A member who is removed from the
-- tenant keeps his row, out of sight, until he comes back or is forgotten.

-- +goose Up
alter table tenants add column idp_groups bigint not null default 0;

create table idp_groups (
  tenant   bigint not null,
  id       KEY    not null,
  name_key KEY    not null,     -- folded displayName
  doc      text   not null,
  owner    KEY    not null,     -- the connection it came from; '' made here
  links    text   not null,
  members  bigint not null,     -- in sight
  created  bigint not null,
  modified bigint not null,
  version  bigint not null,
  primary key (tenant, id)
);
create unique index idp_groups_name on idp_groups (tenant, name_key);

create table idp_group_links (
  tenant      bigint not null,
  group_id    KEY    not null,
  connection  KEY    not null,
  external_id KEY    not null,
  primary key (tenant, group_id, connection)
) SLIM;
create index idp_group_links_external on idp_group_links (tenant, external_id);

create table idp_members (
  tenant   bigint   not null,
  group_id KEY      not null,
  member   KEY      not null,
  kind     smallint not null,   -- 1 user, 2 IdP group
  shown    boolean  not null,
  primary key (tenant, group_id, member)
) SLIM;
create index idp_members_of on idp_members (tenant, member, group_id, shown);

-- IdP groups whose change has not reached the teams of all their people yet.
create table idp_profiling (
  tenant   bigint  not null,
  group_id KEY     not null,
  renamed  boolean not null,
  walked   KEY     not null,    -- the last person it has reached
  primary key (tenant, group_id)
) SLIM;
create index memberships_idp_group on memberships (tenant, origin, user_id) where origin > 'idp-group:' and origin < 'idp-group;';

-- What a connection did to people of late, and the guard over it.
create table removals (
  tenant     bigint   not null,
  connection KEY      not null,
  kind       KEY      not null,
  user_id    KEY      not null,
  at         bigint   not null,
  state      smallint not null, -- 0 the clock runs, 1 held, 2 kept here
  primary key (tenant, user_id, kind, connection)
) SLIM;
create index removals_window on removals (tenant, connection, kind, state, at);
create index removals_state on removals (tenant, state, connection, user_id) where state > 0;

create table guards (
  tenant     bigint not null,
  connection KEY    not null,
  since      bigint not null,
  linked     bigint not null,
  primary key (tenant, connection)
) SLIM;
create index links_connection on links (tenant, connection, user_id);

create table secrets (
  name  KEY  not null primary key,
  value text not null
);

-- +goose Down
drop table secrets;
drop index links_connection;
drop table guards;
drop table removals;
drop index memberships_idp_group;
drop table idp_profiling;
drop table idp_members;
drop table idp_group_links;
drop table idp_groups;
alter table tenants drop column idp_groups;
