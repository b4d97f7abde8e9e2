// Stands in for the push channel of a system: one handler for each connection, its events one after the
// other, over all connections, since the runtime has one state for all of them.
import {SessionEnded} from "./packages.mjs";

let events = Promise.resolve();

/** Runs `event` once all before it are done. */
function enqueue(event) {
  events = events.then(event).catch((error) => {
    console.error(error);
    process.exit(1);
  });
}

const channels = new Map();

/** What the stub of the timer manager calls. */
export const timers = {
  startTimer(handler, milliseconds) {
    const channel = channels.get(handler);
    if (channel === undefined) return;
    clearTimeout(channel.timer);
    channel.timer = setTimeout(() => channel.expire(), milliseconds);
  },
  stopTimer(handler) {
    clearTimeout(channels.get(handler)?.timer);
  },
};

export class Channel {
  constructor(abap, socket, user) {
    this.abap = abap;
    this.socket = socket;
    this.user = user;
    this.isOpen = true;
    enqueue(() => this.#start());
    socket.on("message", (data, isBinary) => this.#on(() => this.#message(data, isBinary)));
    socket.on("close", (code) => this.#close(code));
    socket.on("error", () => {});
  }

  expire() {
    this.#on(() => this.handler.if_abap_timer_handler$on_timeout({}));
  }

  /** An event for the handler, unless the session is gone by then. */
  #on(event) {
    enqueue(async () => {
      if (!this.isOpen) return;
      this.abap.builtin.sy.get().uname.set(this.user);
      try {
        await event();
      } catch (error) {
        // What nobody catches ends the session on a system, too; here all other is a defect.
        const isEnd = error instanceof SessionEnded || error instanceof this.abap.Classes["ZCX_LONGHAUL_BROKEN"];
        if (!isEnd) throw error;
        this.#drop();
        this.socket.close(1011);
      }
    });
  }

  async #start() {
    const {Classes, types} = this.abap;
    this.handler = await new Classes["ZCL_LONGHAUL_APC"]().constructor_({});
    this.messages = await new Classes["CL_HOST_MESSAGE_MANAGER"]().constructor_({});
    this.messages.emit = (data) => this.socket.send(data);
    channels.set(this.handler, this);
    this.abap.builtin.sy.get().uname.set(this.user);
    await this.handler.if_apc_wsp_extension$on_start({
      i_context: new types.ABAPObject(),
      i_message_manager: this.messages.me,
    });
  }

  async #message(data, isBinary) {
    const message = await new this.abap.Classes["CL_HOST_MESSAGE"]().constructor_({});
    if (isBinary) {
      const bytes = new this.abap.types.XString().set(data.toString("hex").toUpperCase());
      await message.if_apc_wsp_message$set_binary({i_message: bytes});
    } else {
      const text = new this.abap.types.String().set(data.toString("utf8"));
      await message.if_apc_wsp_message$set_text({i_message: text});
    }
    await this.handler.if_apc_wsp_extension$on_message({
      i_message: message.me,
      i_message_manager: this.messages.me,
      i_context: new this.abap.types.ABAPObject(),
    });
  }

  #close(code) {
    this.#on(async () => {
      await this.handler.if_apc_wsp_extension$on_close({
        i_reason: new this.abap.types.String(),
        i_code: new this.abap.types.Integer().set(code),
        i_context_base: new this.abap.types.ABAPObject(),
      });
      this.#drop();
    });
  }

  #drop() {
    this.isOpen = false;
    clearTimeout(this.timer);
    channels.delete(this.handler);
  }
}
