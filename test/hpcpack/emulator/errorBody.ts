import { type SchedulerError } from './SchedulerError.js';
import { type Switches } from './Switches.js';

/** A body that is no JSON. */
export class PlainBody {
  readonly type: string;
  readonly text: string;

  constructor(type: string, text: string) {
    this.type = type;
    this.text = text;
  }
}

/** The error as the body of an answer; its shape is not documented for `/hpc`, so it is a switch. */
export function printError({ code, message }: SchedulerError, { errorBody }: Switches): unknown {
  switch (errorBody) {
    case 'text':
      return new PlainBody('text/plain; charset=utf-8', message);
    case 'string':
      return message;
    case 'message':
      return { Message: message };
    case 'fault':
      return { Code: code | 0, Message: message, Values: [] };
    case 'xml':
      return new PlainBody(
        'application/xml; charset=utf-8',
        `<HpcWebServiceFault xmlns="http://schemas.microsoft.com/HPCS2008R2/common"><Code>${code | 0}</Code>` +
          `<Message>${message}</Message><Values/></HpcWebServiceFault>`,
      );
  }
}
