#!/bin/sh
# Registers the Token Broker, its control clients and their APIs in Microsoft Entra ID. Needs a current az, openssl, and an
# account that may register applications (Application Developer) and consent for the tenant (Privileged Role Administrator).
#   sh provision.sh                     stops where somebody else made something, or has a hand in it
#   sh provision.sh --keep ID [ID ...]  what has these ids you looked at: it may stay
# It may be run again: what is there is found by its uniqueName and brought into this state. It reads and writes the current folder.
set -eu

graph=https://graph.microsoft.com/v1.0
tab=$(printf '\t')

case ${1-} in
  '') ;;
  --keep) shift ;;
  *)
    echo "Usage: sh provision.sh [--keep ID ...]" >&2
    exit 2
    ;;
esac
kept=$*

# sign_in TENANT: object ids of one account differ from tenant to tenant.
sign_in() {
  az login --tenant "$1" --allow-no-subscriptions --output none
  me=$(az ad signed-in-user show --query id --output tsv)
}

# send METHOD PATH [HEADER]: the body comes on standard input. Leaves in `created` the appId of what is new; what is changed has no answer.
send() {
  created=$(az rest --method "$1" --url "$graph/$2" --headers Content-Type=application/json ${3-} --body "$(cat)" \
    --query appId --output tsv)
}

# ask PATH QUERY: nothing is an answer, too.
ask() {
  for pause in 1 2 4 8 16 0; do
    az rest --method GET --url "$graph/$1" --query "$2" --output tsv && return
    sleep "$pause"
  done
  echo "Microsoft Graph does not show $1." >&2
  return 1
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

# der FILE: a certificate as Graph has it.
der() {
  openssl x509 -in "$1" -outform DER | openssl base64 -A
}

# hands PATH FILTER: who else has a hand in it, and by what: kind, id, name. `reverse` fails where Graph shows no list.
hands() {
  ask "$1/owners" "reverse(value)[?id!='$me'].['owner',id,displayName]" &&
    ask "$1?\$select=passwordCredentials" "reverse(passwordCredentials)[].['client secret',keyId,displayName]" &&
    ask "$1?\$select=keyCredentials" "reverse(keyCredentials)[?$2].['certificate',keyId,displayName]" || return
  case $1 in
    applications*) ask "$1/federatedIdentityCredentials" "reverse(value)[].['federated credential',id,name]" ;;
  esac
}

# only_ours WHAT PATH FILTER [MORE]: whoever may register applications could have left himself a way into what is consented to now.
only_ours() {
  found=$(hands "$2" "$3")
  strange=$(printf '%s\n' "${4-}" "$found" | tr -d '\000-\010\013-\037\177' | while IFS=$tab read -r kind id name; do
    case " $kept " in
      (*" ${id:-$tab} "*) ;;
      (*) [ -z "$kind" ] || printf '  %s %s (%s)\n' "$kind" "$id" "$name" ;;
    esac
  done)
  if [ -n "$strange" ]; then
    cat >&2 <<END
The $1 has what this folder did not put there (you are $me):
$strange
Nothing was consented to it now. If you do not know all of it, delete the registration; then run this again. If you do, remove
what may go, and name the ids of what may stay: sh provision.sh --keep ID ...
How to do either: docs/administrators.md, "What was there already".
END
    exit 1
  fi
}

# registered NAME APP_ID: whether it is ours, created just now, or in registrations.txt.
registered() {
  app="applications(appId='$2')"
  more=
  if [ "$created" != "$2" ] && ! grep -qsxF "$1 $2" registrations.txt; then
    more="registration$tab$2${tab}not made in this folder"
  fi
  filter=keyId
  for file in certificates/"$1".*crt.pem; do
    if [ -e "$file" ]; then
      key=$(der "$file")
      filter="$filter && key!='$key'"
    fi
  done
  only_ours "registration talxis-token-broker.$1 ($2)" "$app" "$filter" "$more"
  grep -qsxF "$1 $2" registrations.txt || echo "$1 $2" >> registrations.txt
  public=$(ask "$app?\$select=isFallbackPublicClient" "isFallbackPublicClient && 'yes' || 'no'")
  if [ "$public" = yes ]; then
    echo "The registration talxis-token-broker.$1 ($2) let anybody sign users in by a device code. From now on it does not." >&2
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
  key=$(der "$file.crt.pem")
  known=$(ask "applications(appId='$1')?\$select=keyCredentials" "length(keyCredentials[?key=='$key'])")
  if [ "$known" = 0 ]; then
    az ad app credential reset --id "$1" --cert "@$file.crt.pem" --display-name "$2" --append --output none
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
  echo "csp.json (only for environments with the strict content security policy), consent-links.txt (one for each client and tenant),"
  echo "registrations.txt (keep it: by it this script knows its own again)."
}
