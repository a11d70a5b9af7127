#!/bin/sh
# Registers the Token Broker, its control clients and their APIs in Microsoft Entra ID. Needs a current az, openssl, and an
# account that may register applications (Application Developer) and consent for the tenant (Privileged Role Administrator).
# It may be run again: what is there is found by its uniqueName and brought into this state. It writes into the current folder.
set -eu

graph=https://graph.microsoft.com/v1.0

# send METHOD PATH [HEADER]: the body comes on standard input.
send() {
  az rest --method "$1" --url "$graph/$2" --headers Content-Type=application/json ${3-} --body "$(cat)" --output none
}

# look PATH QUERY: what was just created may take a while to be seen everywhere.
look() {
  for pause in 1 2 4 8 16 0; do
    found=$(az rest --method GET --url "$graph/$1" --query "$2" --output tsv) || found=
    if [ -n "$found" ]; then
      printf '%s\n' "$found"
      return
    fi
    sleep "$pause"
  done
  echo "Microsoft Graph does not have $2 of $1." >&2
  return 1
}

# ours NAME APP_ID: whoever may register applications could have made it before, and change later what is consented to now.
ours() {
  app="applications(appId='$2')"
  strangers=$(look "$app/owners" "length(value[?id!='$me'])")
  secrets=$(look "$app?\$select=passwordCredentials" "length(passwordCredentials)")
  if [ "$strangers $secrets" != "0 0" ]; then
    {
      echo "The registration talxis-token-broker.$1 ($2) was there already. Client secrets: $secrets. Owners (you are $me):"
      az rest --method GET --url "$graph/$app/owners" --query "value[].[displayName,id]" --output tsv
      echo "Nothing was consented to it now. What to do: docs/administrators.md, \"A registration that was there already\"."
    } >&2
    exit 1
  fi
}

# certificate APP_ID NAME: for a year; the key never leaves the folder.
certificate() {
  mkdir -p certificates
  file=certificates/$2
  if [ ! -e "$file.crt.pem" ]; then
    (umask 077 && openssl req -x509 -newkey rsa:3072 -sha256 -nodes -days 365 -subj "/CN=$2" \
      -keyout "$file.key.pem" -out "$file.crt.pem" 2>/dev/null)
  fi
  print=$(openssl x509 -in "$file.crt.pem" -noout -fingerprint -sha1 | cut -d= -f2 | tr -d :)
  known=$(az ad app credential list --id "$1" --cert --query "[?displayName=='$print'].keyId" --output tsv)
  if [ -z "$known" ]; then
    az ad app credential reset --id "$1" --cert "@$file.crt.pem" --display-name "$print" --append --output none
  fi
}

# grant CLIENT RESOURCE SCOPES: consents for everybody in the tenant. Scopes that were granted and are not named here end.
grant() {
  id=$(az rest --method GET --url "$graph/oauth2PermissionGrants?\$filter=clientId%20eq%20'$1'" \
    --query "value[?resourceId=='$2' && consentType=='AllPrincipals'].id | [0]" --output tsv)
  if [ -n "$id" ]; then
    echo "{ \"scope\": \"$3\" }" | send PATCH "oauth2PermissionGrants/$id"
  else
    echo "{ \"clientId\": \"$1\", \"consentType\": \"AllPrincipals\", \"resourceId\": \"$2\", \"scope\": \"$3\" }" |
      send POST oauth2PermissionGrants
  fi
}

say_what_is_left() {
  echo "Written: broker-config.json (the value of the variable talxis_TokenBrokerConfig), deployment-settings.json (the same, for"
  echo "pac solution import --settings-file), talxis-sts.toml and certificates/ (for the STS),"
  echo "csp.json (only for environments with the strict content security policy), consent-links.txt (one for each client and tenant)."
}
