/* Of the company that a sandbox starts with: what SCIM shows of its people, its groups and webhooks. */
#include "loaders.h"

#define JSON(...) #__VA_ARGS__

// clang-format off
const char ic_fixture_directory[] = JSON(
  "profiles": [
    {"email": "jane.doe@example.com", "department": "Legal", "daysAgo": 1200},
    {
      "email": "omar.haddad@example.com", "department": "Legal", "departmentHead": "jane.doe@example.com",
      "daysAgo": 700
    },
    {"email": "li.wei@example.com", "department": "Finance", "daysAgo": 1100},
    {"email": "priya.nair@example.com", "department": "Sales", "daysAgo": 300},
    {"email": "tom.becker@example.com", "department": "Audit", "daysAgo": 90}
  ],
  "groups": [
    {"name": "Admins", "admins": true, "members": ["jane.doe@example.com", "li.wei@example.com"]},
    {"name": "Legal", "members": ["jane.doe@example.com", "omar.haddad@example.com"]},
    {"name": "Finance", "members": ["li.wei@example.com", "jane.doe@example.com"]},
    {"name": "Sales Team", "members": ["priya.nair@example.com"]}
  ],
  "webhooks": [
    {
      "targetURL": "https://hooks.larkspur.example/ironclad", "by": "jane.doe@example.com",
      "events": ["workflow_launched", "workflow_completed", "workflow_step_updated"]
    },
    {
      "targetURL": "https://old-crm.larkspur.example/contracts", "by": "priya.nair@example.com",
      "events": ["*"], "disabled": true
    }
  ],
);
// clang-format on
