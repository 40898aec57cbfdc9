/* Of the company that a sandbox starts with: two more workflow designs. */
#include "loaders.h"

#define JSON(...) #__VA_ARGS__

// clang-format off
const char ic_fixture_designs[] = JSON(
    {
      "id": "60f1b7d2a94c3e0015d8e21b",
      "name": "Order Form",
      "title": "Order Form for [counterpartyName]",
      "form": {
        "counterpartyName": {"type": "string", "displayName": "Customer", "required": "always"},
        "counterpartyEmail": {"type": "email", "displayName": "Customer E-mail", "required": "never"},
        "product": {
          "type": "string", "displayName": "Product", "required": "always",
          "options": {"values": ["Interferometer", "Spectrometer", "Service Plan"], "freeTextAllowed": false}
        },
        "quantity": {"type": "number", "displayName": "Quantity", "required": "never", "default": 1},
        "contractValue": {"type": "monetaryAmount", "displayName": "Total", "required": "always"},
        "deliveryDate": {"type": "date", "displayName": "Delivery Date", "required": "never"},
        "draft": {
          "type": "array", "displayName": "Draft", "required": "never",
          "elementType": {"type": "document", "displayName": "Draft", "required": "never"}
        }
      },
      "roles": [
        {"id": "sales", "displayName": "Sales", "assignees": ["priya.nair@example.com"]},
        {"id": "legal", "displayName": "Legal", "assignees": ["omar.haddad@example.com"]}
      ],
      "approvalGroups": [["sales"], ["legal"]],
      "signing": {
        "provider": "Ironclad Signature", "routing": "parallel", "recordType": "orderForm",
        "signers": [
          {"roleName": "Company Signer", "user": "li.wei@example.com"},
          {"roleName": "Customer", "nameFrom": "counterpartyName", "emailFrom": "counterpartyEmail"}
        ]
      }
    },
    {
      "id": "6123c0de8b7f4a0012a6b9f4",
      "name": "Vendor Agreement",
      "title": "Vendor Agreement with [counterpartyName]",
      "form": {
        "counterpartyName": {"type": "string", "displayName": "Vendor", "required": "always"},
        "counterpartyEmail": {"type": "email", "displayName": "Vendor E-mail", "required": "always"},
        "category": {
          "type": "string", "displayName": "Category", "required": "never",
          "options": {"values": ["Software", "Hardware", "Logistics", "Facilities"], "freeTextAllowed": true}
        },
        "contractValue": {"type": "monetaryAmount", "displayName": "Yearly Spend", "required": "never"},
        "agreementDate": {"type": "date", "displayName": "Agreement Date", "required": "never"},
        "term": {"type": "duration", "displayName": "Term", "required": "never", "default": "P1Y"},
        "handlesPersonalData": {"type": "boolean", "displayName": "Handles Personal Data", "required": "never"},
        "draft": {
          "type": "array", "displayName": "Draft", "required": "never",
          "elementType": {"type": "document", "displayName": "Draft", "required": "never"}
        },
        "securityReport": {"type": "document", "displayName": "Security Report", "required": "never"}
      },
      "roles": [
        {"id": "procurement", "displayName": "Procurement", "assignees": ["li.wei@example.com"]},
        {"id": "security", "displayName": "Security", "assignees": ["omar.haddad@example.com"]},
        {"id": "legal", "displayName": "Legal", "assignees": ["jane.doe@example.com"]}
      ],
      "approvalGroups": [["procurement", "security"], ["legal"]],
      "signing": {
        "provider": "DocuSign", "routing": "sequential", "recordType": "vendorAgreement",
        "signers": [
          {"roleName": "Vendor", "nameFrom": "counterpartyName", "emailFrom": "counterpartyEmail"},
          {"roleName": "Company Signer", "user": "jane.doe@example.com"}
        ]
      }
    }
);
// clang-format on
