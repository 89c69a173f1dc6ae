import type { Keeper, KeeperSession, KeeperState, ParkedWrite } from "../../src/backend/keeper.ts";
import type { Reply, Write } from "../../src/writer.ts";
import type { SpoolObject } from "./spool-object.ts";

/**
 * A backend's object as its keeper, for the writes of one request: each backend has one object, found by the backend's name.
 * Every call is one request to it, with all that is said in its session.
 */
export function openKeeper(objects: DurableObjectNamespace<SpoolObject>, backend: string): Keeper {
  const object = objects.getByName(backend);
  return {
    ask: () => object.ask(),
    status: () => object.status(),
    keep: (write) => object.keep(plain(write)),
    park: async (write) => parked(await object.park(plain(write))),
    accept: (write) => session(object, write),
    diverged: (write, reply) => object.diverged(plain(write), plainReply(reply)),
  };
}

function parked(remote: Awaited<ReturnType<DurableObjectStub<SpoolObject>["park"]>>): ParkedWrite {
  const end = async <T>(ended: Promise<T>): Promise<T> => {
    try {
      return await ended;
    } finally {
      remote[Symbol.dispose]();
    }
  };
  return {
    taken: () => end<void>(remote.taken()),
    release: () => end<KeeperState>(remote.release()),
  };
}

/** Nobody waits for the object to say that it has the write: what follows is sent right behind it. */
function session(object: DurableObjectStub<SpoolObject>, write: Write): KeeperSession {
  const remote = object.accept(plain(write));
  return {
    answered: () => remote.answered(),
    place: () => remote.place(),
    keep: () => remote.keep(),
    drop: () => remote.drop(),
    close: async () => (await remote)[Symbol.dispose](),
  };
}

/** With a body of its own: what is sent of a part of a buffer is the whole buffer. */
function plain(write: Write): Write {
  return { ...write, body: new Uint8Array(write.body) };
}

function plainReply(reply: Reply): Reply {
  return { ...reply, body: new Uint8Array(reply.body) };
}
