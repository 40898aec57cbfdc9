/* The Retry-After header. */
#ifndef IC_RETRY_AFTER_H
#define IC_RETRY_AFTER_H

/* The seconds to wait that a Retry-After value asks for, which is a number of seconds or an HTTP-date (RFC
 * 9110, 10.2.3). `now` is Unix time. A date that has passed gives 0. Negative: the value cannot be read. */
double ic_retry_after(const char *value, double now);

#endif
