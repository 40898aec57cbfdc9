/* The kinds of ids and secrets. All are stored as text. */
#ifndef IC_SANDBOX_IDS_H
#define IC_SANDBOX_IDS_H

typedef char ic_object_id[25];   /* 24 hex digits: users, workflows, templates */
typedef char ic_uuid[37];        /* records */
typedef char ic_readable_id[16]; /* IC-12 */
typedef char ic_short_id[10];    /* comments, documents, versions */

typedef char ic_secret[65]; /* a prefix such as "sandbox-token-", then random digits; "": there is none */

#endif
