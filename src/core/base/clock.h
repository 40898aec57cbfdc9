/* Clocks and random numbers. Pure functions take the time and the random number as parameters instead. */
#ifndef IC_CLOCK_H
#define IC_CLOCK_H

/* Seconds on the monotonic clock. */
double ic_now(void);
/* Seconds for which the machine has been suspended since it was started; ic_now does not count them. 0 where
 * the system does not tell. */
double ic_suspended(void);
/* Unix time in seconds, to compare with dates from the service. */
double ic_wall_time(void);
/* For tests. Sets how many seconds the two clocks are ahead of the real ones. `now` must not be less than in
 * an earlier call. May be called from any thread. */
void ic_clock_shift(double now, double wall_time);
/* A random number, uniform in [0, 1). May be called from any thread. */
double ic_random(void);

#endif
