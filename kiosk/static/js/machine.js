// A page's state machine: a table `state -> event type -> move`, and the only function that changes a model.
//
// A move takes (model, event) and returns the next model, or [model, ...effects]; effects are values that the page
// carries out. Moves are pure: the time comes with the event (`at_ms` for ages, `at` as people write it). An event that the table does not list for the
// state is an illegal move: it throws and changes nothing.

/**
 * @typedef {{type: string, at_ms: number, [member: string]: any}} PageEvent
 * @typedef {{type: string, [member: string]: any}} Effect
 * @typedef {{state: string, [member: string]: any}} Model
 * @typedef {(model: any, event: PageEvent) => Model | [Model, ...Effect[]]} Move
 * @typedef {Record<string, Record<string, Move>>} Table
 */

export class IllegalMove extends Error {}

/**
 * Return the model after `event` and the effects to carry out.
 * @param {Table} table
 * @param {Model} model
 * @param {PageEvent} event
 * @returns {{model: Model, effects: Effect[]}}
 */
export function step(table, model, event) {
  const move = table[model.state]?.[event.type];
  if (move === undefined) throw new IllegalMove(`${event.type} while ${model.state}`);
  const next = move(model, event);
  if (!Array.isArray(next)) return { model: next, effects: [] };
  const [after, ...effects] = next;
  return { model: after, effects };
}

/** The move that changes nothing. @type {Move} */
export const stay = (model) => model;
