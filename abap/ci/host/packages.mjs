// Folders in abapGit's layout, served as packages: what TADIR and TDEVC say of them, and their files.
import fs from "node:fs/promises";
import path from "node:path";

/** What ends the session that works on it, as a message of type A, E or X does on a system. */
export class SessionEnded extends Error {}

export class Packages {
  /** Names of the packages above, by package; empty for none. */
  parents = new Map();
  /** By type and name: the package, and the files' paths. */
  objects = new Map();
  failing = new Map();
  fatal = new Set();

  constructor(objectCostMs) {
    this.objectCostMs = objectCostMs;
  }

  /** A folder as a package, its folders as packages below it. */
  async add(name, folder, parent = "") {
    this.parents.set(name, parent);
    this.#object("DEVC", name, name);
    const entries = await fs.readdir(folder, {withFileTypes: true});
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      const file = path.join(folder, entry.name);
      if (entry.isDirectory()) {
        await this.add(entry.name.toUpperCase(), file, name);
        continue;
      }
      const [object, type, ...rest] = entry.name.split(".");
      if (entry.name === "package.devc.xml") {
        this.#object("DEVC", name, name).files.push(file);
      } else if (rest.length > 0) {
        this.#object(type.toUpperCase(), object.toUpperCase().replaceAll("#", "/"), name).files.push(file);
      }
    }
  }

  #object(type, name, pack) {
    const key = `${type} ${name}`;
    if (!this.objects.has(key)) this.objects.set(key, {type, name, pack, files: []});
    return this.objects.get(key);
  }

  /** Into the tables that the catalog reads. */
  async fill(database) {
    const quote = (text) => `'${text.replaceAll("'", "''")}'`;
    const rows = [];
    for (const {type, name, pack, files} of this.objects.values()) {
      // Local packages have no row of their own.
      if (files.length > 0 && !(type === "DEVC" && name.startsWith("$"))) {
        rows.push(`INSERT INTO "tadir" VALUES ('R3TR', ${quote(type)}, ${quote(name)}, ${quote(pack)}, '');`);
      }
    }
    for (const [name, parent] of this.parents) {
      rows.push(`INSERT INTO "tdevc" VALUES (${quote(name)}, ${quote(parent)});`);
    }
    for (const row of rows) await database.execute(row);
  }

  async #found(type, name) {
    const key = `${type} ${name}`;
    // The session is busy for so long, as it is with a serializer.
    if (this.objectCostMs > 0) await new Promise((done) => setTimeout(done, this.objectCostMs));
    if (this.fatal.has(key)) throw new SessionEnded(key);
    if (this.failing.has(key)) return {why: this.failing.get(key)};
    const files = [];
    for (const file of this.objects.get(key)?.files ?? []) {
      files.push({name: path.basename(file), data: await fs.readFile(file)});
    }
    return {files};
  }

  serialize(type, name) {
    return this.#found(type, name);
  }

  async check(type, name) {
    const {why, files} = await this.#found(type, name);
    if (why !== undefined) return {why};
    const findings = [];
    for (const file of files.filter(({name}) => name.endsWith(".abap"))) {
      file.data.toString("utf8").split("\n").forEach((line, index) => {
        if (line.includes("TODO")) findings.push({file: file.name, line: index + 1});
      });
    }
    return {findings};
  }
}
