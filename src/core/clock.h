/* Time and chance, for the engine alone: everything pure is told the time. */
#ifndef IC_CLOCK_H
#define IC_CLOCK_H

/* Seconds on a clock that never jumps. */
double ic_now(void);
/* Unix time in seconds, for dates that the service names. */
double ic_wall_time(void);
/* Uniform in [0, 1); one thread only. */
double ic_dice(void);

#endif
