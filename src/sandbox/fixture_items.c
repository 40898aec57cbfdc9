/* Of the company that a sandbox starts with: its entities and obligations, and their types. */
#include "loaders.h"

#define JSON(...) #__VA_ARGS__

// clang-format off
const char ic_fixture_entity_types[] = JSON(
  "relationshipTypes": [
    {
      "key": "customer", "displayName": "Customer", "description": "Who buys from us",
      "properties": {
        "entity_category": {
          "type": "string", "displayName": "Category", "description": "External or internal", "required": true
        },
        "entity_businessType": {
          "type": "string", "displayName": "Business type", "description": "Company, nonprofit, individual and so on"
        },
        "entity_externalID": {
          "type": "string", "displayName": "External ID", "description": "The id in another system"
        },
        "entity_address": {"type": "address", "displayName": "Address", "description": "The registered address"},
        "entity_pocName": {
          "type": "string", "displayName": "Point of contact name", "description": "Whom to ask"
        },
        "entity_pocEmail": {
          "type": "email", "displayName": "Point of contact email", "description": "Where to write to"
        },
        "entity_alternativeNames": {
          "type": "string", "displayName": "Alternative names", "description": "Former and local names"
        }
      }
    },
    {
      "key": "vendor", "displayName": "Vendor", "description": "Whom we buy from", "like": "customer",
      "properties": {
        "entity_vendorID": {
          "type": "string", "displayName": "Vendor ID", "description": "The id in the purchasing system"
        },
        "entity_approvedSince": {
          "type": "date", "displayName": "Approved since", "description": "When purchasing has approved them"
        },
        "entity_yearlySpend": {
          "type": "monetary_amount", "displayName": "Yearly spend", "description": "What we pay them in a year"
        }
      }
    },
    {
      "key": "partner", "displayName": "Partner", "description": "With whom we sell", "like": "customer"
    }
  ],
);

const char ic_fixture_entities[] = JSON(
  "entities": [
    {
      "name": "Northwind Optics Inc.", "type": "customer", "updatedDaysAgo": 60,
      "properties": {
        "entity_category": "external", "entity_businessType": "company", "entity_externalID": "CRM-1042",
        "entity_pocName": "Ada Marsh", "entity_pocEmail": "ada.marsh@northwind.example",
        "entity_address": {
          "lines": ["8 Lens Street"], "locality": "Rochester", "region": "NY", "postcode": "14604",
          "country": "United States"
        }
      }
    },
    {
      "name": "Northwind Optics Europe B.V.", "type": "customer", "parent": "ENTITY-1", "updatedDaysAgo": 58,
      "properties": {
        "entity_category": "external", "entity_businessType": "company", "entity_externalID": "CRM-1077",
        "entity_alternativeNames": "NWO Europe"
      }
    },
    {
      "name": "Alder Metrology Ltd", "type": "vendor", "updatedDaysAgo": 30,
      "properties": {
        "entity_category": "external", "entity_businessType": "company", "entity_vendorID": "V-0031",
        "entity_approvedSince": "2023-02-01T00:00:00.000Z",
        "entity_yearlySpend": {"currency": "USD", "amount": 24000}
      }
    },
    {
      "name": "Tamarack Properties LLC", "type": "vendor", "updatedDaysAgo": 400,
      "properties": {
        "entity_category": "external", "entity_businessType": "company", "entity_vendorID": "V-0007",
        "entity_yearlySpend": {"currency": "USD", "amount": 180000}
      }
    },
    {
      "name": "Quillfeather GmbH", "type": "partner", "updatedDaysAgo": 3,
      "properties": {
        "entity_category": "external", "entity_businessType": "company",
        "entity_pocEmail": "vertrag@quillfeather.example"
      }
    },
    {
      "name": "Stonecrop Advisers", "type": "vendor", "inactive": true, "updatedDaysAgo": 38,
      "properties": {"entity_category": "external", "entity_businessType": "individual"}
    }
  ],
);

const char ic_fixture_obligations[] = JSON(
  "obligationTypes": [
    {
      "key": "reporting", "displayName": "Reporting", "description": "A report that is due",
      "properties": {
        "userFacingObligations_status": {
          "type": "string", "displayName": "Status", "description": "How far it has come"
        },
        "userFacingObligations_dueDate": {
          "type": "date", "displayName": "Due date", "description": "By when it must be met"
        },
        "userFacingObligations_assignee": {
          "type": "email", "displayName": "Assignee", "description": "Who sees to it"
        },
        "userFacingObligations_description": {
          "type": "string", "displayName": "Description", "description": "What must be done"
        }
      }
    },
    {
      "key": "renewal", "displayName": "Renewal", "description": "A decision on going on", "like": "reporting"
    },
    {
      "key": "payment", "displayName": "Payment", "description": "Money that is due", "like": "reporting",
      "properties": {
        "paymentAmount": {
          "type": "monetary_amount", "displayName": "Amount", "description": "What is to be paid"
        }
      }
    }
  ],
  "obligations": [
    {
      "name": "Yearly calibration report", "type": "reporting", "updatedDaysAgo": 28,
      "record": "Calibration Services, Alder Metrology",
      "properties": {
        "userFacingObligations_status": "Open", "userFacingObligations_dueDate": "+60d",
        "userFacingObligations_assignee": "omar.haddad@example.com",
        "userFacingObligations_description": "Alder sends the report on all 12 instruments."
      }
    },
    {
      "name": "Decide on renewal", "type": "renewal", "updatedDaysAgo": 28,
      "record": "Calibration Services, Alder Metrology",
      "properties": {
        "userFacingObligations_status": "Open", "userFacingObligations_dueDate": "+25d",
        "userFacingObligations_assignee": "jane.doe@example.com"
      }
    },
    {
      "name": "Quarterly rent", "type": "payment", "record": "Office Lease, Tamarack Properties",
      "updatedDaysAgo": 90,
      "properties": {
        "userFacingObligations_status": "Done", "userFacingObligations_dueDate": "-40d",
        "userFacingObligations_assignee": "li.wei@example.com",
        "paymentAmount": {"currency": "USD", "amount": 45000}
      }
    }
  ],
);
// clang-format on
