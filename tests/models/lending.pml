/* A block that core lends to a tap: a number in a pipe, which whoever reads it out first has (pos_adapters/taps/right.py).
 *
 * The tap prints at its cut without asking if it gets the number out. Core gets it out before it lets anything change
 * that the block rests on, and waits for nobody; where the pipe is empty, the tap was first: its cut is committed, as it
 * was lent, and then the change. Either may be killed at any step. What core has put by on disk is committed at its next
 * start, unless the disk shows that something has changed which it rests on.
 *
 * Never: a right that is taken when what it rests on has changed; a block that was printed and is not committed.
 *
 * -DNO_TAKING_BACK  core changes things without looking at the pipe: must be found wrong
 * -DBY_WORD         core goes by what its tap has told it, not by the pipe: must be found wrong
 * -DCHANGE_FIRST    core finds the pipe empty and commits the change before the cut: must be found wrong
 */
bool token = false;     /* the number is in the pipe */
bool told = false;      /* USED is in core's socket */
bool printed = false;
bool row = false;       /* on disk: what the cut will commit */
bool committed = false; /* on disk: the cut */
bool changed = false;   /* on disk: something that the block rests on */
bool tap_done = false, core_done = false;

#define MAY_BE_KILLED if :: true :: goto killed fi

active proctype Tap() {
  if
  :: atomic { token -> token = false; assert(!changed) }
  :: goto killed                                          /* no cut comes, or none that was lent for */
  fi;
  MAY_BE_KILLED;
  printed = true;
  MAY_BE_KILLED;
  told = true;
killed:
  tap_done = true
}

active proctype Core() {
  row = true;                                             /* put by, and synced */
  MAY_BE_KILLED;
  token = true;                                           /* lent */
  MAY_BE_KILLED;
  if
  :: atomic { told -> committed = true; row = false }
  :: true ->                                              /* something is about to change */
     bool was_used = false;
#ifdef BY_WORD
     was_used = told;
#else
#ifndef NO_TAKING_BACK
     atomic { if :: token -> token = false :: else -> was_used = true fi };
#endif
#endif
     MAY_BE_KILLED;
#ifdef CHANGE_FIRST
     changed = true;
     MAY_BE_KILLED;
#endif
     if
     :: was_used -> atomic { committed = true; row = false }
     :: else
     fi;
     MAY_BE_KILLED;
     changed = true
  :: atomic { tap_done && !told -> if :: token -> row = false :: else -> committed = true; row = false fi }  /* it is lost */
  fi;
killed:
  if                                                      /* the next start */
  :: atomic { row && !changed -> committed = true }
  :: else
  fi;
  core_done = true
}

active proctype Watch() {
  tap_done && core_done;
  assert(!printed || committed)
}
