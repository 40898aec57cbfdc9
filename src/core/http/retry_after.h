/* The Retry-After header. */
#ifndef IC_RETRY_AFTER_H
#define IC_RETRY_AFTER_H

/* Seconds to wait from a Retry-After value, seconds or HTTP-date (RFC 9110, 10.2.3), seen at `now` (Unix
 * seconds); negative when it cannot be read. */
double ic_retry_after(const char *value, double now);

#endif
