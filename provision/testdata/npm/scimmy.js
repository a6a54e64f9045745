// A service provider of SCIMMY and its routers for Express, with people and
// groups in memory. It tells its address on standard output, and ends when
// standard input does.
"use strict";

const { randomUUID } = require("node:crypto");
const express = require("express");
const SCIMMY = require("scimmy").default ?? require("scimmy");
const routers = require("scimmy-routers");

const token = process.env.TOKEN;

// inMemory handles one type of resource, no two of which have the same name.
function inMemory(name) {
  const held = new Map();
  const find = (id) => {
    if (!held.has(id)) throw new SCIMMY.Types.Error(404, null, `Nobody has the id ${id}`);
    return held.get(id);
  };
  return {
    egress: ({ id, filter }) => {
      if (id) return find(id);
      const all = [...held.values()];
      return filter ? filter.match(all) : all;
    },
    ingress: ({ id }, data) => {
      const before = id ? find(id) : { id: randomUUID(), meta: { created: new Date() } };
      for (const other of held.values()) {
        if (other.id !== before.id && other[name].toLowerCase() === data[name].toLowerCase()) {
          throw new SCIMMY.Types.Error(409, "uniqueness", `${name} is taken`);
        }
      }
      const meta = { ...before.meta, lastModified: new Date() };
      const kept = { ...JSON.parse(JSON.stringify(data)), id: before.id, meta };
      held.set(kept.id, kept);
      return kept;
    },
    degress: ({ id }) => {
      find(id);
      held.delete(id);
    },
  };
}

const { User, Group } = SCIMMY.Resources;
const enterprise = { schema: SCIMMY.Schemas.EnterpriseUser, required: false };
SCIMMY.Resources.declare(User, { ...inMemory("userName"), extensions: [enterprise] });
SCIMMY.Resources.declare(Group, inMemory("displayName"));

const app = express();
app.use("/scim", new routers.SCIMMYRouters({
  type: "bearer",
  handler: (request) => {
    if (request.header("Authorization") !== `Bearer ${token}`) throw new Error("The token is wrong");
    return "provisioning";
  },
}));

const server = app.listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}/scim`, token }));
});
process.stdin.on("end", () => process.exit()).resume();
