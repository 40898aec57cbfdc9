/* Reads and writes JSON's numbers exactly. Most are converted with exact arithmetic. The C library
 * converts the others, in the C locale, because the host may have set a locale with another decimal point. */
#include "core/base/alloc.h"
#include "core/json/json_scan.h"
#include "core/json/json_write.h"
#include <float.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_INTEGER 9007199254740992.0 /* 2^53: up to here a double holds every integer */
/* Any number of this many decimal digits fits into 64 bits. */
#define SAFE_DIGITS 19
/* A greater exponent counts as this one: the number is infinite or 0, since no text has enough digits to make
 * up for it. */
#define MAX_EXPONENT 99999999

typedef const unsigned char *place;

/* Powers of ten that a double holds exactly. */
static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
#define MAX_POWER 22

static locale_t c_locale;

static void number_set_up(void) {
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* Returns the thread's locale, to be restored with uselocale. */
static locale_t number_enter_c_locale(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, number_set_up);
    return uselocale(c_locale);
}

/* ---- reading ---- */

/* The parts of a number: mantissa * 10^exponent. The mantissa is exact when it has at most SAFE_DIGITS
 * digits. */
typedef struct number_parts {
    uint64_t mantissa;
    size_t digits;
    long exponent;
    bool negative, real;
} number_parts;

static bool number_is_digit(place at, place end) {
    return at < end && (unsigned char)(*at - '0') < 10;
}

static place number_digits(number_parts *parts, place at, place end) {
    place from = at;
    uint64_t mantissa = parts->mantissa;
    for (; number_is_digit(at, end); at++)
        mantissa = mantissa * 10 + (uint64_t)(*at - '0');
    parts->mantissa = mantissa;
    parts->digits += (size_t)(at - from);
    return at;
}

/* The digits of an exponent, after its "e". */
static place number_exponent(ic_json_scan *scan, number_parts *parts, place at) {
    bool negative = at < scan->end && *at == '-';
    long exponent = 0;
    at += at < scan->end && (*at == '+' || *at == '-');
    if (!number_is_digit(at, scan->end)) return ic_json_refuse(scan, at, "a digit of the exponent");
    for (; number_is_digit(at, scan->end); at++)
        if (exponent < MAX_EXPONENT) exponent = exponent * 10 + (*at - '0');
    parts->exponent += negative ? -exponent : exponent;
    return at;
}

/* By RFC 8259's grammar. */
static place number_split(ic_json_scan *scan, number_parts *parts, place at) {
    place end = scan->end;
    parts->negative = *at == '-';
    at += parts->negative;
    if (!number_is_digit(at, end)) return ic_json_refuse(scan, at, "a digit");
    if (*at == '0')
        at++, parts->digits++;
    else
        at = number_digits(parts, at, end);
    if (at < end && *at == '.') {
        place from = ++at;
        at = number_digits(parts, at, end);
        if (at == from) return ic_json_refuse(scan, at, "a digit after the decimal point");
        parts->exponent = -(long)(at - from);
        parts->real = true;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        parts->real = true;
        return number_exponent(scan, parts, at + 1);
    }
    return at;
}

/* Whether one multiplication or division gives the right double. It does when both numbers are exact doubles
 * (Clinger, "How to Read Floating Point Numbers Accurately", 1990), and when the machine computes doubles
 * with no extra precision. */
static bool number_is_simple(const number_parts *parts) {
    return FLT_EVAL_METHOD == 0 && parts->digits <= SAFE_DIGITS && parts->mantissa <= (uint64_t)MAX_INTEGER &&
           parts->exponent >= -MAX_POWER && parts->exponent <= MAX_POWER;
}

/* `*value` is infinite when the number is too large for a double. False when out of memory. */
static bool number_real(const number_parts *parts, place from, size_t length, double *value) {
    if (number_is_simple(parts)) {
        double mantissa = (double)parts->mantissa;
        *value =
            parts->exponent < 0 ? mantissa / powers[-parts->exponent] : mantissa * powers[parts->exponent];
        if (parts->negative) *value = -*value;
        return true;
    }
    char small[64], *text = length < sizeof small ? small : ic_malloc(length + 1);
    if (!text) return false;
    memcpy(text, from, length);
    text[length] = '\0';
    locale_t before = number_enter_c_locale();
    *value = strtod(text, NULL);
    uselocale(before);
    if (text != small) ic_free(text);
    return true;
}

double ic_json_double(const char *digits, size_t length) {
    number_parts parts = {.digits = SIZE_MAX}; /* not simple */
    double value = INFINITY;
    number_real(&parts, (place)digits, length, &value);
    return value;
}

static void number_add_integer(ic_json_scan *scan, int64_t value) {
    bool wide = value >= (int64_t)1 << 59 || value < -((int64_t)1 << 59);
    ic_json_add(scan, wide ? IC_TAPE_LONG_INTEGER : IC_TAPE_INTEGER | (uint64_t)value << 4);
    if (wide) ic_json_add(scan, (uint64_t)value);
}

static void number_add_real(ic_json_scan *scan, double value) {
    if (fabs(value) <= MAX_INTEGER && value == trunc(value) && (value != 0 || !signbit(value))) {
        number_add_integer(scan, (int64_t)value);
        return;
    }
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    ic_json_add(scan, IC_TAPE_REAL);
    ic_json_add(scan, bits);
}

const unsigned char *ic_json_scan_number(ic_json_scan *scan, place from) {
    number_parts parts = {0};
    place at = number_split(scan, &parts, from);
    if (!at) return NULL;
    uint64_t most = (uint64_t)INT64_MAX + parts.negative;
    bool zero = parts.negative && parts.mantissa == 0;
    if (!parts.real && !zero && parts.digits <= SAFE_DIGITS && parts.mantissa <= most) {
        number_add_integer(scan, (int64_t)(parts.negative ? -parts.mantissa : parts.mantissa));
        return at;
    }
    size_t length = (size_t)(at - from);
    double value = INFINITY;
    if ((parts.real || (zero && parts.digits == 1)) && !number_real(&parts, from, length, &value)) {
        ic_error_memory(scan->error);
        return NULL;
    }
    if (!isinf(value))
        number_add_real(scan, value);
    else if (!ic_json_add_text(scan, IC_TAPE_DIGITS, (size_t)(from - scan->start), length))
        return NULL;
    return at;
}

/* ---- writing ---- */

static void number_add_unsigned(ic_buf *buf, uint64_t value) {
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
        "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
        "8081828384858687888990919293949596979899";
    char digits[20], *at = digits + sizeof digits;
    for (; value >= 100; value /= 100)
        memcpy(at -= 2, pairs + value % 100 * 2, 2);
    if (value >= 10)
        memcpy(at -= 2, pairs + value * 2, 2);
    else
        *--at = (char)('0' + value);
    ic_buf_add(buf, at, (size_t)(digits + sizeof digits - at));
}

void ic_json_write_integer(ic_buf *buf, int64_t value) {
    if (value < 0) ic_json_write_byte(buf, '-');
    number_add_unsigned(buf, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

/* Writes a number with few decimals without the C library. If the double is the quotient of an integer below
 * 10^15 and a power of ten, then these are the digits that %.15g prints, because 15 digits survive the
 * conversion to a double and back. False: there are more decimals, %g would use an exponent, or the machine
 * computes doubles with extra precision. */
static bool number_add_decimals(ic_buf *buf, double value) {
    const int most = 8;
    double magnitude = fabs(value);
    if (FLT_EVAL_METHOD != 0 || magnitude < 1e-4) return false;
    for (int count = 1; count <= most && magnitude * powers[count] < 1e15; count++) {
        uint64_t scaled = (uint64_t)(magnitude * powers[count] + 0.5), one = (uint64_t)powers[count];
        if ((double)scaled / powers[count] != magnitude) continue;
        if (value < 0) ic_json_write_byte(buf, '-');
        number_add_unsigned(buf, scaled / one);
        /* 1 is put before the decimals, which keeps their leading zeros, and then replaced by the decimal
         * point. */
        size_t point = buf->length;
        number_add_unsigned(buf, one + scaled % one);
        if (!buf->failed) buf->data[point] = '.';
        return true;
    }
    return false;
}

void ic_json_write_real(ic_buf *buf, double value) {
    if (!isfinite(value)) {
        ic_buf_puts(buf, "null");
        return;
    }
    if (value == trunc(value) && fabs(value) <= MAX_INTEGER) {
        if (signbit(value)) ic_json_write_byte(buf, '-');
        number_add_unsigned(buf, (uint64_t)fabs(value));
        return;
    }
    if (number_add_decimals(buf, value)) return;
    char text[32];
    int precision = 14;
    locale_t before = number_enter_c_locale();
    do
        snprintf(text, sizeof text, "%.*g", ++precision, value);
    while (precision < 17 && strtod(text, NULL) != value);
    if (!strpbrk(text, ".e")) snprintf(text, sizeof text, "%.*e", precision - 1, value);
    uselocale(before);
    ic_buf_puts(buf, text);
}

/* ---- as JavaScript writes ---- */

#define MOST_DIGITS  17 /* any double is read back from this many */
#define EXACT_DIGITS 15 /* any decimal of this many survives the conversion to a normal double and back */
/* From the lowest to the highest of these exponents, a number is written without one. */
#define PLAIN_LOWEST  (-6)
#define PLAIN_HIGHEST 20

/* The significant digits of a number, and the exponent of the first: d.ddd * 10^exponent. */
typedef struct number_digits_of {
    char digits[MOST_DIGITS + 1];
    int count, exponent;
} number_digits_of;

static double number_read_back(const number_digits_of *number) {
    char text[40];
    snprintf(text, sizeof text, "%.1s.%se%d", number->digits, number->digits + 1, number->exponent);
    return strtod(text, NULL);
}

/* The nearest decimal of `count` digits. */
static void number_round(number_digits_of *number, double value, int count) {
    char text[40];
    snprintf(text, sizeof text, "%.*e", count - 1, value);
    number->digits[0] = text[0];
    memcpy(number->digits + 1, text + 2, (size_t)count - 1);
    number->digits[count] = '\0';
    number->count = count;
    number->exponent = atoi(strchr(text, 'e') + 1);
}

/* Adds one to the last digit. False when all of them are 9. */
static bool number_next(number_digits_of *number) {
    int at = number->count - 1;
    for (; at >= 0 && number->digits[at] == '9'; at--)
        number->digits[at] = '0';
    if (at < 0) return false;
    number->digits[at]++;
    return true;
}

/* Whether a decimal of `count` digits is read back as the value. At a power of two the doubles above lie
 * farther apart than those below: there the next decimal may do when the nearest does not. */
static bool number_fits(number_digits_of *number, double value, int count) {
    number_round(number, value, count);
    return number_read_back(number) == value || (number_next(number) && number_read_back(number) == value);
}

/* `value` is positive and finite. */
static void number_shortest(number_digits_of *number, double value) {
    locale_t before = number_enter_c_locale();
    int count = value < DBL_MIN ? 1 : EXACT_DIGITS;
    while (count < MOST_DIGITS && !number_fits(number, value, count))
        count++;
    if (count == MOST_DIGITS) number_round(number, value, count);
    uselocale(before);
    while (number->count > 1 && number->digits[number->count - 1] == '0')
        number->digits[--number->count] = '\0';
}

static void number_add_zeros(ic_buf *buf, int count) {
    while (count-- > 0)
        ic_buf_putc(buf, '0');
}

void ic_json_write_javascript(ic_buf *buf, double value) {
    if (!isfinite(value)) {
        ic_buf_puts(buf, "null");
        return;
    }
    if (value == trunc(value) && fabs(value) <= MAX_INTEGER) {
        ic_json_write_integer(buf, (int64_t)value);
        return;
    }
    if (number_add_decimals(buf, value)) return;
    number_digits_of number;
    number_shortest(&number, fabs(value));
    if (value < 0) ic_buf_putc(buf, '-');
    int exponent = number.exponent, whole = exponent + 1;
    if (exponent < PLAIN_LOWEST || exponent > PLAIN_HIGHEST) {
        ic_buf_putc(buf, number.digits[0]);
        if (number.count > 1) ic_buf_printf(buf, ".%s", number.digits + 1);
        ic_buf_printf(buf, "e%+d", exponent);
    } else if (exponent < 0) {
        ic_buf_puts(buf, "0.");
        number_add_zeros(buf, -whole);
        ic_buf_puts(buf, number.digits);
    } else if (number.count <= whole) {
        ic_buf_puts(buf, number.digits);
        number_add_zeros(buf, whole - number.count);
    } else {
        ic_buf_printf(buf, "%.*s.%s", whole, number.digits, number.digits + whole);
    }
}
