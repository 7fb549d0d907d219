/** Time zones by the names Chronos takes (spec chronos, section 3.3). */
import { IANAZone } from 'luxon';

/** The three-letter ids of Java. They are not what the tz database means by the same letters. */
const JAVA_ZONES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ACT: 'Australia/Darwin',
    AET: 'Australia/Sydney',
    AGT: 'America/Argentina/Buenos_Aires',
    ART: 'Africa/Cairo',
    AST: 'America/Anchorage',
    BET: 'America/Sao_Paulo',
    BST: 'Asia/Dhaka',
    CAT: 'Africa/Harare',
    CNT: 'America/St_Johns',
    CST: 'America/Chicago',
    CTT: 'Asia/Shanghai',
    EAT: 'Africa/Addis_Ababa',
    ECT: 'CET',
    EST: 'America/New_York',
    HST: 'Pacific/Honolulu',
    IET: 'America/Indiana/Indianapolis',
    IST: 'Asia/Kolkata',
    JST: 'Asia/Tokyo',
    MIT: 'Pacific/Apia',
    MST: 'America/Denver',
    NET: 'Asia/Yerevan',
    NST: 'Pacific/Auckland',
    PLT: 'Asia/Karachi',
    PNT: 'America/Phoenix',
    PRT: 'America/Puerto_Rico',
    PST: 'America/Los_Angeles',
    SST: 'Pacific/Guadalcanal',
    VST: 'Asia/Ho_Chi_Minh',
  }),
);

/** Most ids there are. Asking the library makes a formatter each time, a hundred times slower. */
const KNOWN: ReadonlySet<string> = new Set(['UTC', 'GMT', ...Intl.supportedValuesOf('timeZone')]);

/** Unknown ids mean GMT, silently, as in the original. */
export function zoneName(id: string): string {
  const name = JAVA_ZONES.get(id) ?? id;
  if (KNOWN.has(name)) return name;
  // Offsets alone are ids for the library, not for Java.
  return offsetZone(name) ?? (/^[A-Za-z]/.test(name) && IANAZone.isValidZone(name) ? name : 'UTC');
}

/** Java's ids of its own: `GMT+5`, `GMT-08:00`, `GMT+0530`. */
function offsetZone(id: string): string | undefined {
  const match = /^GMT([+-])(\d{1,2})(?::?([0-5]\d))?$/.exec(id);
  if (match === null) return undefined;
  const [, sign = '', hours = '', minutes = '00'] = match;
  return Number(hours) <= 23 ? `UTC${sign}${Number(hours)}:${minutes}` : undefined;
}
