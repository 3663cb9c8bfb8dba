import { XMLParser } from 'fast-xml-parser';
import { z } from 'zod';

/** What an error's body says. */
export interface ErrorBody {
  /** The HRESULT as a signed integer; null: none was told. */
  readonly code: number | null;
  readonly message: string;
}

/** The code of faults that have none of their own (0x0FF00000): it says nothing. */
const GENERAL_FAULT = 267_386_880;

const MAX_MESSAGE = 1_000;

const Fault = z.object({ Code: z.coerce.number().int().optional(), Message: z.string() });
const LowerCaseFault = z.object({ message: z.string() });
const XmlFault = z.object({ HpcWebServiceFault: Fault });
const XmlString = z.object({ string: z.union([z.string(), z.object({ '#text': z.string() })]) });

const xml = new XMLParser({ parseTagValue: false, htmlEntities: true });

/**
 * Reads an error's body, whose shape is not documented for `/hpc`: a JSON string, `{Message}`, `{Code, Message, Values}`, the XML fault or the
 * XML string of the older API, or plain text.
 */
export function readErrorBody(text: string, contentType: string): ErrorBody {
  const value = contentType.includes('xml') ? parseXml(text) : parseJson(text);
  if (typeof value === 'string') return told(null, value);
  const fault = XmlFault.safeParse(value).data?.HpcWebServiceFault ?? Fault.safeParse(value).data;
  if (fault !== undefined) return told(fault.Code ?? null, fault.Message);
  const lower = LowerCaseFault.safeParse(value).data;
  if (lower !== undefined) return told(null, lower.message);
  const string = XmlString.safeParse(value).data?.string;
  if (string !== undefined) return told(null, typeof string === 'string' ? string : string['#text']);
  return told(null, contentType.includes('html') ? '' : text);
}

function told(code: number | null, message: string): ErrorBody {
  const shown = message.replace(/\s+/g, ' ').trim().slice(0, MAX_MESSAGE);
  return { code: code === null || code === GENERAL_FAULT ? null : code | 0, message: shown };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function parseXml(text: string): unknown {
  try {
    return xml.parse(text) as unknown;
  } catch {
    return text;
  }
}
