/* Time and chance, for the engine alone: everything pure is told the time. */
#ifndef IC_CLOCK_H
#define IC_CLOCK_H

/* Seconds on a clock that never jumps. */
double ic_now(void);
/* Unix time in seconds, for dates that the service names. */
double ic_wall_time(void);
/* Tests only: from now on the two clocks are that many seconds ahead of what they would say (the first never
 * by less than before). Any thread. */
void ic_clock_shift(double now, double wall_time);
/* Uniform in [0, 1); one thread only. */
double ic_dice(void);

#endif
