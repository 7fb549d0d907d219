/** Sends mail by SMTP, through nodemailer (spec chronos, section 7.2). */
import { createTransport } from 'nodemailer';
import { seconds } from '../../core/base/duration.ts';

export interface MailOptions {
  readonly host: string;
  readonly port: number;
  readonly from: string;
  /** TLS from the start of the connection. */
  readonly isTls: boolean;
  readonly credentials: { readonly user: string; readonly password: string } | undefined;
}

export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** Rejects when the server did not take it. */
export interface Mailer {
  send(mail: Mail): Promise<void>;
}

const TIMEOUT_MS = seconds(10);

export function createMailer(options: MailOptions): Mailer {
  const { credentials } = options;
  const transport = createTransport({
    host: options.host,
    port: options.port,
    secure: options.isTls,
    // Encrypted where the server offers it; one whose certificate is not known gets the mail as well.
    opportunisticTLS: true,
    tls: { rejectUnauthorized: options.isTls },
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(credentials === undefined
      ? {}
      : { auth: { user: credentials.user, pass: credentials.password } }),
  });
  return {
    send: async ({ to, subject, text }) => {
      await transport.sendMail({ from: options.from, to, subject, text });
    },
  };
}
