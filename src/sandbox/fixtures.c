/* The company that a sandbox starts with, as one JSON document: the same form that a file would have. The
 * first user may do everything, and so may the first app. Workflows that a record names by readable id are
 * numbered from IC-1 as they stand. */
#include "loaders.h"
#include "world.h"

/* The preprocessor makes a string of it, so that JSON can be read here as JSON. */
#define JSON(...) #__VA_ARGS__

// clang-format off
const char *const ic_fixtures[] = {
JSON({
  "company": {
    "id": "5f0375c4cdc1927a3c5ed001",
    "name": "Larkspur Instruments LLC",
    "displayName": "Larkspur Instruments",
    "entitlements": {
      "jurist": {
        "name": "Jurist", "description": "Ironclad AI Assistant", "type": "boolean", "value": false
      }
    }
  },
  "apps": [
    {
      "name": "Sandbox App", "id": "3f2b8c1e-6a4d-4f0b-9c57-1d2e8a7b6c05",
      "secret": "sandbox-secret-not-for-production",
      "grants": ["client_credentials", "authorization_code"]
    },
    {
      "name": "Nightly Reports", "id": "8d1c6a52-0b7e-4e39-a4f8-5c9d20e7b316",
      "secret": "another-secret-not-for-production",
      "grants": ["client_credentials"]
    }
  ],
  "users": [
    {
      "id": "5f0375c4cdc1927a3c5ed101", "email": "jane.doe@example.com",
      "firstName": "Jane", "lastName": "Doe", "title": "General Counsel",
      "rights": ["launch", "editRecords"]
    },
    {
      "id": "5f0375c4cdc1927a3c5ed102", "email": "omar.haddad@example.com",
      "firstName": "Omar", "lastName": "Haddad", "title": "Legal Counsel",
      "rights": ["launch", "editRecords"]
    },
    {
      "id": "5f0375c4cdc1927a3c5ed103", "email": "li.wei@example.com",
      "firstName": "Li", "lastName": "Wei", "title": "Head of Finance",
      "rights": ["launch", "editRecords"]
    },
    {
      "id": "5f0375c4cdc1927a3c5ed104", "email": "priya.nair@example.com",
      "firstName": "Priya", "lastName": "Nair", "title": "Account Executive",
      "rights": ["launch"]
    },
    {
      "id": "5f0375c4cdc1927a3c5ed105", "email": "tom.becker@example.com",
      "firstName": "Tom", "lastName": "Becker", "title": "Auditor",
      "rights": []
    }
  ],
),
ic_fixture_directory,
ic_fixture_entity_types, ic_fixture_entities, ic_fixture_obligations,
JSON(
  "templates": [
    {
      "id": "5f595f76c4fc9b3571413c3a",
      "name": "Mutual NDA",
      "title": "Mutual NDA with [counterpartyName]",
      "form": {
        "counterpartyName": {"type": "string", "displayName": "Counterparty Name", "required": "always"},
        "counterpartyEmail": {"type": "email", "displayName": "Counterparty E-mail", "required": "never"},
        "counterpartyAddress": {"type": "address", "displayName": "Counterparty Address", "required": "never"},
        "paperSource": {
          "type": "string", "displayName": "Paper Source", "required": "never", "default": "Counterparty paper",
          "options": {"values": ["Counterparty paper", "Our paper"], "freeTextAllowed": false}
        },
        "draft": {
          "type": "array", "displayName": "Draft", "required": "always",
          "elementType": {"type": "document", "displayName": "Draft", "required": "always"}
        },
        "supportingDocument": {"type": "document", "displayName": "Supporting Document", "required": "never"},
        "agreementDate": {"type": "date", "displayName": "Agreement Date", "required": "never"},
        "term": {"type": "duration", "displayName": "Term", "required": "never", "default": "P2Y"},
        "contractValue": {"type": "monetaryAmount", "displayName": "Value of the Deal", "required": "never"},
        "mutual": {"type": "boolean", "displayName": "Mutual", "required": "never", "default": true},
        "numberOfPeople": {"type": "number", "displayName": "People with Access", "required": "never"},
        "localParentRecord": {"type": "parentRecord", "displayName": "Parent Record", "required": "never"}
      },
      "roles": [
        {"id": "legal", "displayName": "Legal", "assignees": ["jane.doe@example.com", "omar.haddad@example.com"]},
        {"id": "finance", "displayName": "Finance", "assignees": ["jane.doe@example.com", "li.wei@example.com"]}
      ],
      "approvalGroups": [["legal"], ["finance"]],
      "signing": {
        "provider": "Ironclad Signature", "routing": "sequential", "recordType": "mutualNDA",
        "signers": [
          {"roleName": "Company Signer", "user": "jane.doe@example.com"},
          {"roleName": "Counterparty Signer", "nameFrom": "counterpartyName", "emailFrom": "counterpartyEmail"}
        ]
      }
    },
),
JSON(
    {
      "id": "600b296c3e15a234ab88f884",
      "name": "Consulting Agreement",
      "title": "Consulting Agreement with [counterpartyName]",
      "form": {
        "counterpartyName": {"type": "string", "displayName": "Counterparty Name", "required": "always"},
        "scopeOfWork": {"type": "string", "displayName": "Scope of Work", "required": "always"},
        "fee": {"type": "monetaryAmount", "displayName": "Fee", "required": "always"},
        "startDate": {"type": "date", "displayName": "Start Date", "required": "always"},
        "consultants": {"type": "number", "displayName": "Number of Consultants", "required": "never", "default": 1},
        "lineItems": {
          "type": "array", "displayName": "Line Items", "required": "never",
          "elementType": {
            "type": "object", "displayName": "Line Item", "required": "never",
            "schema": {
              "description": {"type": "string", "displayName": "Description", "required": "always"},
              "hours": {"type": "number", "displayName": "Hours", "required": "never"}
            }
          }
        },
        "draft": {
          "type": "array", "displayName": "Draft", "required": "never",
          "elementType": {"type": "document", "displayName": "Draft", "required": "never"}
        },
        "reference": {"type": "string", "displayName": "Reference", "required": "never", "readOnly": true},
        "vendor": {"type": "reference", "displayName": "Vendor", "required": "never"},
        "localLinkedRecord": {"type": "linkedRecord", "displayName": "Related Record", "required": "never"}
      },
      "roles": [
        {"id": "legal", "displayName": "Legal", "assignees": ["jane.doe@example.com", "omar.haddad@example.com"]},
        {"id": "finance", "displayName": "Finance", "assignees": ["jane.doe@example.com", "li.wei@example.com"]},
        {"id": "executive", "displayName": "Executive", "assignees": ["jane.doe@example.com"]}
      ],
      "approvalGroups": [["legal", "finance"], ["executive"]],
      "signing": {
        "provider": "DocuSign", "routing": "parallel", "recordType": "consultingAgreement",
        "signers": [
          {"roleName": "Consultant", "nameFrom": "counterpartyName"},
          {"roleName": "Company Signer", "user": "jane.doe@example.com"}
        ]
      }
    },
),
ic_fixture_designs,
JSON(
  ],
),
JSON(
  "recordTypes": {
    "mutualNDA": {"displayName": "Mutual NDA"},
    "consultingAgreement": {"displayName": "Consulting Agreement"},
    "contract": {"displayName": "Contract"},
    "orderForm": {"displayName": "Order Form"},
    "vendorAgreement": {"displayName": "Vendor Agreement"}
  },
  "recordProperties": {
    "agreementDate": {"displayName": "Agreement Date", "type": "date", "visible": true},
    "expirationDate": {"displayName": "Expiration Date", "type": "date", "visible": true},
    "externalId": {"displayName": "External ID", "type": "string", "visible": true},
    "counterpartyName": {"displayName": "Counterparty Name", "type": "string", "visible": true},
    "counterpartyEmail": {"displayName": "Counterparty E-mail", "type": "email", "visible": true},
    "counterpartyAddress": {"displayName": "Counterparty Address", "type": "address", "visible": true},
    "contractValue": {"displayName": "Contract Value", "type": "monetary_amount", "visible": true},
    "term": {"displayName": "Term", "type": "duration", "visible": true},
    "seats": {"displayName": "Seats", "type": "number", "visible": true},
    "autoRenews": {"displayName": "Renews by Itself", "type": "boolean", "visible": true},
    "tags": {"displayName": "Tags", "type": "array", "visible": true},
    "governingLaw": {"displayName": "Governing Law", "type": "clause", "visible": true},
    "vendor": {"displayName": "Vendor", "type": "reference", "visible": true},
    "additionalNotes": {"displayName": "Additional Notes", "type": "string", "visible": true},
    "effectiveDate": {"displayName": "Effective Date", "type": "date", "visible": true},
    "standard_initialTermLength": {"displayName": "Initial Term Length", "type": "duration", "visible": true},
    "standard_renewalType": {"displayName": "Renewal Type", "type": "string", "visible": true},
    "otherRenewalType": {"displayName": "Other Renewal Type", "type": "string", "visible": true},
    "standard_renewalTermLength": {"displayName": "Renewal Term Length", "type": "duration", "visible": true},
    "standard_renewalsRemaining": {"displayName": "Renewals Remaining", "type": "number", "visible": true},
    "standard_renewalOptOutDate": {"displayName": "Renewal Opt-Out Date", "type": "date", "visible": true},
    "standard_renewalOptOutPeriod": {"displayName": "Renewal Opt-Out Period", "type": "duration", "visible": true},
    "standard_terminationNoticePeriod": {
      "displayName": "Termination Notice Period", "type": "duration", "visible": true
    },
    "standard_terminatedDate": {"displayName": "Terminated Date", "type": "date", "visible": true},
    "standard_terminationEffectiveDate": {
      "displayName": "Termination Effective Date", "type": "date", "visible": true
    },
    "standard_terminatingRecordId": {"displayName": "Terminating Record", "type": "string", "visible": true},
    "standard_supersededDate": {"displayName": "Superseded Date", "type": "date", "visible": true},
    "standard_supersessionEffectiveDate": {
      "displayName": "Supersession Effective Date", "type": "date", "visible": true
    },
    "standard_supersedingRecordId": {"displayName": "Superseding Record", "type": "string", "visible": true}
  },
  "recordAttachments": {
    "signedCopy": {"displayName": "Signed PDF"},
    "exhibit": {"displayName": "Exhibit"}
  },
),
JSON(
  "workflows": [
    {
      "template": "5f595f76c4fc9b3571413c3a", "creator": "priya.nair@example.com",
      "step": "Complete", "status": "completed", "daysAgo": 90, "updatedDaysAgo": 60,
      "attributes": {"counterpartyName": "Northwind Optics", "paperSource": "Our paper", "mutual": true},
      "documents": [{"attribute": "draft", "filename": "Mutual NDA - Northwind Optics.pdf"}]
    },
    {
      "template": "5f595f76c4fc9b3571413c3a", "creator": "priya.nair@example.com",
      "daysAgo": 6, "updatedDaysAgo": 5,
      "attributes": {"counterpartyName": "Harbor Labs", "paperSource": "Counterparty paper", "mutual": true},
      "documents": [{"attribute": "draft", "filename": "Harbor Labs NDA.pdf"}],
      "comments": [{"author": "omar.haddad@example.com", "message": "Clause 4 needs a second look."}],
      "emails": [
        {
          "from": "priya.nair@example.com", "to": ["legal@harborlabs.example"], "cc": ["omar.haddad@example.com"],
          "subject": "Mutual NDA between Larkspur Instruments and Harbor Labs", "daysAgo": 5.8, "opened": true,
          "body": "Hello,\n\nplease find our draft attached. We would be glad to have it signed next week.\n\nPriya",
          "documents": ["Harbor Labs NDA.pdf"]
        },
        {
          "from": {"name": "Rosa Lindqvist", "email": "rosa@harborlabs.example", "company": "Harbor Labs"},
          "subject": "Re: Mutual NDA between Larkspur Instruments and Harbor Labs", "daysAgo": 5.1,
          "body": "Hi Priya,\n\nthanks. Our redline of clause 4 is attached; the rest is fine with us.\n\nRosa",
          "attachments": ["Harbor Labs NDA - redline.pdf", "Company extract.pdf"]
        }
      ]
    },
    {
      "template": "5f595f76c4fc9b3571413c3a", "creator": "jane.doe@example.com",
      "daysAgo": 3, "updatedDaysAgo": 1, "approved": ["legal"],
      "attributes": {
        "counterpartyName": "Quillfeather GmbH", "counterpartyEmail": "vertrag@quillfeather.example",
        "contractValue": {"currency": "EUR", "amount": 48000}
      },
      "documents": [{"attribute": "draft", "filename": "Quillfeather NDA.pdf"}]
    },
    {
      "template": "600b296c3e15a234ab88f884", "creator": "jane.doe@example.com",
      "step": "Sign", "daysAgo": 21, "updatedDaysAgo": 2, "signing": {"sent": true, "viewed": ["Consultant"]},
      "attributes": {
        "counterpartyName": "Boba Fett", "scopeOfWork": "Logistics review",
        "fee": {"currency": "USD", "amount": 50000}, "startDate": "2026-02-01T00:00:00.000Z",
        "consultants": 1, "lineItems": [{"description": "On site", "hours": 40}], "reference": "LI-0042"
      },
      "documents": [{"attribute": "draft", "filename": "Consulting Agreement - Boba Fett.pdf"}]
    },
    {
      "template": "600b296c3e15a234ab88f884", "creator": "omar.haddad@example.com",
      "status": "cancelled", "daysAgo": 40, "updatedDaysAgo": 38,
      "attributes": {
        "counterpartyName": "Stonecrop Advisers", "scopeOfWork": "Pricing study",
        "fee": {"currency": "USD", "amount": 18000}, "startDate": "2026-01-15T00:00:00.000Z"
      }
    },
    {
      "template": "5f595f76c4fc9b3571413c3a", "creator": "omar.haddad@example.com",
      "status": "paused", "daysAgo": 15, "updatedDaysAgo": 14,
      "attributes": {"counterpartyName": "Meridian Freight", "paperSource": "Counterparty paper"},
      "documents": [{"attribute": "draft", "filename": "Meridian Freight NDA.pdf"}]
    }
  ],
),
JSON(
  "records": [
    {
      "type": "mutualNDA", "name": "Mutual NDA with Northwind Optics", "workflow": "IC-1", "updatedDaysAgo": 60,
      "attachments": {"signedCopy": "Mutual NDA - Northwind Optics (signed).pdf"},
      "properties": {
        "counterpartyName": {"type": "string", "value": "Northwind Optics"},
        "agreementDate": {"type": "date", "value": "2025-11-03T00:00:00.000Z"},
        "expirationDate": {"type": "date", "value": "2031-11-03T00:00:00.000Z"},
        "term": {"type": "duration", "value": "P6Y"}
      }
    },
    {
      "type": "consultingAgreement", "name": "Consulting Agreement with Jane Roe", "updatedDaysAgo": 200,
      "attachments": {"signedCopy": "Consulting Agreement - Jane Roe.pdf", "exhibit": "Scope of Work.pdf"},
      "properties": {
        "counterpartyName": {"type": "string", "value": "Jane Roe"},
        "agreementDate": {"type": "date", "value": "2024-05-08T00:00:00.000Z"},
        "expirationDate": {"type": "date", "value": "2025-05-08T00:00:00.000Z"},
        "contractValue": {"type": "monetary_amount", "value": {"currency": "USD", "amount": 100000}},
        "counterpartyAddress": {
          "type": "address",
          "value": {
            "lines": ["123 Main St."], "locality": "Los Angeles", "region": "CA", "postcode": "90001",
            "country": "United States"
          }
        }
      }
    },
    {
      "type": "contract", "name": "Calibration Services, Alder Metrology", "updatedDaysAgo": 30,
      "properties": {
        "counterpartyName": {"type": "string", "value": "Alder Metrology"},
        "counterpartyEmail": {"type": "email", "value": "contracts@alder.example"},
        "agreementDate": {"type": "date", "value": "2026-01-20T00:00:00.000Z"},
        "autoRenews": {"type": "boolean", "value": true},
        "seats": {"type": "number", "value": 12},
        "tags": {"type": "array", "value": ["calibration", "yearly"]}
      }
    },
    {
      "type": "contract", "name": "Office Lease, Tamarack Properties", "updatedDaysAgo": 400,
      "properties": {
        "counterpartyName": {"type": "string", "value": "Tamarack Properties"},
        "additionalNotes": {"type": "string", "value": "Taken over from the old archive; no date known."}
      }
    }
  ],
),
ic_fixture_contracts, ic_fixture_orders, ic_fixture_records,
"}", NULL};
// clang-format on
