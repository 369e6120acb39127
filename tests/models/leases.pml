/* Leases of points: the hub grants a store the right to spend points of one account without a link.
 *
 * The rule of retail/leases.py and docs: the sum of what is granted and not settled never exceeds the balance; a store
 * burns against its lease only, and never behind its end; the hub takes a lease back only when the store has told all
 * its burns, or when the lease has ended AND the store's journal was heard up to its end. A hub that was restored from
 * a copy hears the stores out (its grants stand in their journals) before it grants again.
 *
 * Never: more points burned than there were. In the end the hub's balance is what was there less what was burned.
 *
 * -DFORGETFUL   the restored hub grants at once, from a copy that knows no lease: must be found wrong
 * -DLATE_BURN   a store burns against a lease that has ended and was taken back: must be found wrong
 */
#define STORES 2
#define POINTS 3

byte balance = POINTS;       /* the hub's: what is not spent, as far as it has heard */
byte granted[STORES];        /* the hub's: what each store may still spend */
byte copy_balance = POINTS;  /* yesterday's hub */
byte copy_granted[STORES];
bool copied = false, must_hear[STORES];

byte lease[STORES];          /* the store's ledger: what is left of its lease */
bool ended[STORES];          /* the store's clock is behind the lease's end */
byte burned[STORES];         /* the store's journal: burnt, ever */
byte told[STORES];           /* the hub's: how many of these it has heard */
byte copy_told[STORES];
byte link_changes = 0, restores = 0;
bool link[STORES];

#ifdef LATE_BURN
#define MAY_BURN(s) (true)
#define MAY_TAKE_BACK(s) (true)
#define TAKEN_FROM_STORE(s) skip
#else
#define MAY_BURN(s) (!ended[s])
#define MAY_TAKE_BACK(s) (link[s] && told[s] == burned[s])
#define TAKEN_FROM_STORE(s) lease[s] = 0
#endif
#ifdef FORGETFUL
#define HAS_HEARD (true)
#else
#define HAS_HEARD (!must_hear[0] && !must_hear[1])
#endif

#define ALL_BURNED (burned[0] + burned[1])

active [STORES] proctype Store() {
  byte me = _pid;
  do
  :: atomic { lease[me] > 0 && MAY_BURN(me) -> lease[me]--; burned[me]++ }                                /* burnt offline: in the commit, then confirmed */
  :: atomic { lease[me] > 0 && !ended[me] -> ended[me] = true }      /* time passes */
  :: atomic { link_changes < 4 -> link_changes++; link[me] = !link[me] }
  :: link_changes == 4 && lease[me] == 0 -> break
  :: link_changes == 4 && ended[me] -> break
  od
}

active proctype Hub() {
  byte s = 0;
end:
  do
  :: s = 0
  :: s = 1
  :: atomic {                                                        /* the journal arrives, each burn once */
       link[s] && told[s] < burned[s] -> told[s]++; balance--;
       if :: granted[s] > 0 -> granted[s]-- :: else -> skip fi }
  :: atomic {                                                        /* a restored hub has heard this store out */
       link[s] && must_hear[s] && told[s] == burned[s] -> must_hear[s] = false; granted[s] = lease[s] }
  :: atomic {                                                        /* the lease is over and all of it is told */
       MAY_TAKE_BACK(s) && ended[s] && granted[s] > 0 && !must_hear[s] ->
       granted[s] = 0; TAKEN_FROM_STORE(s) }
  :: atomic {                                                        /* a grant: never more than is free */
       link[s] && lease[s] == 0 && granted[s] == 0 && balance > granted[0] + granted[1] && told[s] == burned[s] && HAS_HEARD -> granted[s] = balance - granted[0] - granted[1]; lease[s] = granted[s]; ended[s] = false }
  :: atomic { !copied -> copied = true; copy_balance = balance;
       copy_granted[0] = granted[0]; copy_granted[1] = granted[1]; copy_told[0] = told[0]; copy_told[1] = told[1] }
  :: atomic { copied && restores < 1 -> restores++; balance = copy_balance;
       granted[0] = copy_granted[0]; granted[1] = copy_granted[1]; told[0] = copy_told[0]; told[1] = copy_told[1];
       must_hear[0] = true; must_hear[1] = true }
  od
}

active proctype Watch() {
end:
  atomic { ALL_BURNED > POINTS -> assert(ALL_BURNED <= POINTS) }
}
