/** A small FTP server with files in memory: enough of RFC 959 and 2428 for a download. */
import { createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

export async function ftpServer(
  context: TestContext,
  files: Readonly<Record<string, string>>,
): Promise<number> {
  const server = createServer((socket) => serve(socket, files));
  const port = await listen(server);
  context.after(() => server.close());
  return port;
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function serve(control: Socket, files: Readonly<Record<string, string>>): void {
  const say = (line: string): void => void control.write(`${line}\r\n`);
  let data: { readonly server: Server; readonly socket: Promise<Socket> } | undefined;
  let user = '';
  const answer = async (verb: string, word: string): Promise<void> => {
    const file = files[word];
    if (verb === 'USER') {
      user = word;
      say('331 password?');
    } else if (verb === 'PASS')
      say(user === 'anonymous' || word === 's3cret' ? '230 in' : '530 no');
    else if (verb === 'TYPE' || verb === 'STRU' || verb === 'OPTS') say('200 ok');
    else if (verb === 'SIZE') say(file === undefined ? '550 no such file' : `213 ${file.length}`);
    else if (verb === 'EPSV') {
      const server = createServer();
      const socket = new Promise<Socket>((resolve) => server.once('connection', resolve));
      data = { server, socket };
      say(`229 passive (|||${await listen(server)}|)`);
    } else if (verb === 'RETR') {
      if (file === undefined) say('550 no such file');
      else say('150 here it comes');
      const socket = await data?.socket;
      data?.server.close();
      socket?.end(file ?? '');
      if (file !== undefined) say('226 done');
    } else if (verb === 'QUIT') control.end('221 bye\r\n');
    else say('502 not here');
  };
  control.on('error', () => {});
  control.on('close', () => data?.server.close());
  control.on('data', (chunk) => {
    for (const line of chunk.toString().split('\r\n')) {
      const [verb = '', word = ''] = line.split(' ');
      if (verb !== '') void answer(verb, word);
    }
  });
  say('220 hello');
}
