/* Clocks and random numbers. Only the engine reads them; pure functions take the time as a parameter. */
#ifndef IC_CLOCK_H
#define IC_CLOCK_H

/* Seconds on the monotonic clock. */
double ic_now(void);
/* Unix time in seconds, to compare with dates from the service. */
double ic_wall_time(void);
/* For tests. From now on the two clocks run that many seconds ahead of the real ones. `now` must not be less
 * than in an earlier call. May be called from any thread. */
void ic_clock_shift(double now, double wall_time);
/* A random number, uniform in [0, 1). To be called from one thread only. */
double ic_random(void);

#endif
