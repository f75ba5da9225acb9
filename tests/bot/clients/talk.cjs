// Hold a complaint conversation as a program on socket.io-client does: node talk.cjs <major version> <address>
// Prints one JSON object: the session, what came at first, what came with a second connection.
"use strict";

const [, , version, address] = process.argv;
const { io } = require(`socket.io-client-${version}`);

const SAID = [
  "我要投诉",
  "上周三买东西扣了我两次钱，打了三次电话都没有人处理",
  "支付",
  "退还多扣的钱",
  "13812345678",
  "确认提交",
];
const done = { version, session: "", first: [], again: [], confirmedAgain: "" };

function connect(onConfirm, onUttered) {
  const socket = io(address, { path: "/socket.io" });
  socket.on("connect", () => socket.emit("session_request", { session_id: done.session || null }));
  socket.on("connect_error", (error) => fail(error.message));
  socket.on("session_confirm", onConfirm);
  socket.on("bot_uttered", onUttered);
  return socket;
}

function fail(why) {
  console.error(why);
  process.exit(1);
}

function talk() {
  const left = [...SAID];
  const say = () => socket.emit("user_uttered", { message: left.shift(), session_id: done.session, customData: {} });
  const socket = connect(
    (session) => {
      done.session = session;
      say();
    },
    (message) => {
      done.first.push(message);
      if (left.length) say();
      else {
        socket.disconnect();
        comeBack();
      }
    },
  );
}

function comeBack() {
  const socket = connect(
    (session) => {
      done.confirmedAgain = session;
      socket.emit("user_uttered", { message: "查进度", session_id: done.session, customData: {} });
    },
    (message) => {
      done.again.push(message);
      socket.disconnect();
      console.log(JSON.stringify(done));
      process.exit(0);
    },
  );
}

setTimeout(() => fail(`nothing more came after ${JSON.stringify(done)}`), 120000);
talk();
