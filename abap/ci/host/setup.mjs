// What stands around the transpiled classes: the database, and what the stubs call.
import {SQLiteDatabaseClient} from "@abaplint/database-sqlite";
import {native} from "./native.mjs";

/** The connection that the server side writes by, beside the one of the session. */
const SERVICE_CONNECTION = "R/3*LONGHAUL";

/** Called by the transpiled code before its classes are there. */
export async function before(abap, schemas, insert) {
  globalThis.longhaulNative = native;
  const database = new SQLiteDatabaseClient({trace: process.env.LONGHAUL_SQL !== undefined});
  await database.connect();
  await database.execute(schemas.sqlite);
  await database.execute(insert);
  abap.context.databaseConnections["DEFAULT"] = database;
  abap.context.databaseConnections[SERVICE_CONNECTION] = database;
}

/** Called once all classes are there. */
export async function after() {
  const {abap} = globalThis;
  abap.Classes["KERNEL_AUTHORITY_CHECK"] = {call: authorityCheck(abap)};
}

/** Objects that nobody may display, by type and name. */
export const forbidden = new Set();

function authorityCheck(abap) {
  return async ({object, fields}) => {
    const field = (id) => fields.find((one) => one.id.get().trimEnd() === id)?.field.get().trimEnd();
    const isKnown = object.get().trimEnd() === "S_DEVELOP" && field("ACTVT") === "03";
    const isAllowed = isKnown && !forbidden.has(`${field("OBJTYPE")} ${field("OBJNAME")}`);
    abap.builtin.sy.get().subrc.set(isAllowed ? 0 : 4);
  };
}
