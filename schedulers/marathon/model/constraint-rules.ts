/** Which constraints are well formed (spec marathon-app-model, section 7.2). */
import type { Constraint } from './app.ts';

export const OPERATORS = [
  'UNIQUE',
  'CLUSTER',
  'GROUP_BY',
  'LIKE',
  'UNLIKE',
  'MAX_PER',
  'IS',
] as const;

export type Operator = (typeof OPERATORS)[number];

export function operatorOf(constraint: Constraint): Operator | undefined {
  return OPERATORS.find((operator) => operator === constraint[1]?.toUpperCase());
}

/** The sentences of what is wrong; empty when the constraint can be used. */
export function violationsOfConstraint(constraint: Constraint): string[] {
  if (constraint.length === 0 || constraint[0] === '') {
    return ['missing field for constraint declaration'];
  }
  if (constraint.length < 2 || constraint.length > 3) {
    return ['Each constraint must have either 2 or 3 fields'];
  }
  const operator = operatorOf(constraint);
  const value = constraint[2];
  switch (operator) {
    case undefined:
      return [
        'operator must be one of the following UNIQUE, CLUSTER, GROUP_BY, LIKE, MAX_PER, UNLIKE or IS',
      ];
    case 'UNIQUE':
      return value === undefined ? [] : ['UNIQUE does not accept a value'];
    case 'CLUSTER':
      return [];
    case 'GROUP_BY':
      return value === undefined || /^\d+$/.test(value)
        ? []
        : ['GROUP BY must define an integer value or else no value at all'];
    case 'MAX_PER':
      return value !== undefined && /^\d+$/.test(value)
        ? []
        : ['MAX_PER requires an integer value'];
    case 'LIKE':
    case 'UNLIKE':
      if (value === undefined || value === '') {
        return ['LIKE and UNLIKE require a non-empty, regular expression value'];
      }
      return compilesAsPattern(value) ? [] : [`'${value}' is not a valid regular expression`];
    case 'IS':
      return value !== undefined && /^[a-zA-Z0-9_/.-]*$/.test(value)
        ? []
        : [
            'IS only supports Mesos text and float values (see http://mesos.apache.org/documentation/latest/attributes-resources/)',
          ];
  }
}

function compilesAsPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
