/* The upload protocol: agent, wire, hub - what docs/wire-protocol.md promises, in few enough states to try them all.
 *
 * The agent appends records to its journal and sends, behind its cursor, what the hub has not acknowledged. The wire
 * loses, repeats and holds back questions and answers (the agent's death is one of these: what it knows is on its disk);
 * the hub is restored
 * from a copy of a moment before; a copy of the agent's disk writes one record of its own (a fork). A record's content
 * stands for its hash: the original writes content 1 at every place, the clone content 2 at its one.
 *
 * Never: a record behind the agent's cursor that the hub lacks - unless the hub was restored and the agent has not heard
 * of it yet - and never a record applied twice, or one story's record taken for the other's.
 * In the end: the hub has every record of both stories.
 *
 * -DCURSOR_FIRST   the cursor is moved when the batch is sent: must be found wrong
 * -DNO_HASH        a record is known by its number only, so a clone's record passes for a repeat: must be found wrong
 */
#define RECORDS 3
#define NONE 0
#define OURS 1
#define CLONES 2

byte journal = 0;          /* the original's head: places 1..journal are written */
byte cursor = 0;           /* the original's position, on disk */
byte clone_at = 0;         /* the place at which the clone wrote another content; 0: no clone yet */
bool clone_acked = false;

bool hub[4];               /* hub[s]: the original's record at place s is kept */
bool hub_clone = false;    /* the clone's record is kept, on a branch of its own */
byte applied[4];           /* how often the original's record at s was applied */
byte applied_clone = 0;
byte kept_through = 0;     /* the last copy of the hub: places 1..kept_through */
bool kept_clone = false;
bool restored = false;     /* the hub went back, and the original has not noticed */

byte restores = 0, losses = 0, repeats = 0;

/* questions: writer, place; answers: writer, place acknowledged, gap */
chan ask = [2] of { byte, byte };
chan tell = [2] of { byte, byte, bool };

#define BEHIND_CURSOR(s) (s <= cursor && !hub[s])
#ifdef NO_HASH
#define PASSES_FOR_KNOWN(s) (clone_at == s && hub_clone)
#else
#define PASSES_FOR_KNOWN(s) (false)
#endif

inline head(h) {
  h = 0;
  do
  :: h < RECORDS && hub[h + 1] -> h++
  :: else -> break
  od
}

/* The hub takes one record after the other: a repeat changes nothing, a hole is answered with what is expected. */
inline take(who, s) {
  head(h);
  if
  :: who == OURS && hub[s] -> tell!OURS, s, false                  /* a repeat */
#ifdef NO_HASH
  :: who == OURS && !hub[s] && PASSES_FOR_KNOWN(s) -> tell!OURS, s, false
  :: who == CLONES && hub[s] -> tell!CLONES, s, false              /* "known": the clone's sale is swallowed */
  :: who == CLONES && !hub[s] && !hub_clone -> hub_clone = true; applied_clone++; tell!CLONES, s, false
#else
  :: who == CLONES && !hub_clone && h + 1 >= s -> hub_clone = true; applied_clone++; tell!CLONES, s, false
  :: who == CLONES && !hub_clone && h + 1 < s -> tell!CLONES, h, true
#endif
  :: who == CLONES && hub_clone -> tell!CLONES, s, false
  :: who == OURS && !hub[s] && h + 1 == s && !PASSES_FOR_KNOWN(s) -> hub[s] = true; applied[s]++; tell!OURS, s, false
  :: who == OURS && !hub[s] && h + 1 < s -> tell!OURS, h, true
  fi
}

active proctype Agent() {
  byte s; bool gap;
  do
  :: atomic { journal < RECORDS -> journal++ }
  :: atomic { cursor < journal && nfull(ask) -> ask!OURS, cursor + 1;
#ifdef CURSOR_FIRST
       cursor++
#endif
     }
  :: atomic { tell?[OURS, s, gap] -> tell?OURS, s, gap;
       if
       :: gap && s < cursor -> cursor = s                            /* the hub asks for earlier ones, and gets them */
#ifndef CURSOR_FIRST
       :: !gap && s == cursor + 1 -> cursor = s
#endif
       :: else -> skip                                               /* an answer to something else */
       fi }
  :: atomic { restored && cursor == journal && !(ask??[OURS, s]) && !(tell??[OURS, s, gap]) ->
       /* nothing to send: it asks where the hub is. Answers are bound to their questions, so none is under way */
       head(s); if :: s < cursor -> cursor = s :: else -> skip fi; restored = false }
  :: atomic { cursor == RECORDS && journal == RECORDS && !restored && empty(ask) && empty(tell) -> break }
  od
}

active proctype Clone() {
  byte s; bool gap;
end:
  do
  :: atomic { clone_at == 0 && journal < RECORDS -> clone_at = journal + 1 }
  :: atomic { clone_at > 0 && !clone_acked && nfull(ask) -> ask!CLONES, clone_at }
  :: atomic { tell?[CLONES, s, gap] -> tell?CLONES, s, gap; if :: !gap && hub_clone -> clone_acked = true :: else -> skip fi }
  od
}

active proctype Hub() {
  byte who, s, h;
end:
  do
  :: atomic { nempty(ask) && nfull(tell) -> ask?who, s; take(who, s) }
  :: atomic { nempty(ask) && nfull(tell) && repeats < 1 ->           /* the same question comes twice */
       repeats++; ask?<who, s>; take(who, s) }
  :: atomic { nempty(ask) && losses < 2 -> losses++; ask?who, s }    /* a question is lost */
  :: atomic { nempty(tell) && losses < 2 -> losses++; tell?_, _, _ } /* an answer is lost */
  :: atomic { restores < 1 -> head(h); kept_through = h; kept_clone = hub_clone;
       restores++ }                                                   /* the nightly copy */
  :: atomic { restores == 1 -> restores++; restored = true;          /* and back to it */
       h = 1;
       do
       :: h <= RECORDS -> if :: h > kept_through -> hub[h] = false; applied[h] = 0 :: else -> skip fi; h++
       :: else -> break
       od;
       if :: hub_clone && !kept_clone -> hub_clone = false; applied_clone = 0; clone_acked = false
       :: else -> skip fi }
  od
}

#define lost (!restored && (BEHIND_CURSOR(1) || BEHIND_CURSOR(2) || BEHIND_CURSOR(3)))
#define swallowed (clone_acked && !hub_clone)
#define twice (applied[1] > 1 || applied[2] > 1 || applied[3] > 1 || applied_clone > 1)

active proctype Watch() {
end:
  atomic { (lost || swallowed || twice) -> assert(!lost); assert(!swallowed); assert(!twice) }
}
