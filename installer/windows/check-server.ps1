# SPDX-License-Identifier: LGPL-2.1-or-later
<#
.SYNOPSIS
Checks on a real Windows Server what Wine cannot show, and only that.
.DESCRIPTION
Installs Cl Mail Relay from -Setup, looks, and leaves it installed. Run it in a PowerShell that was opened as administrator, on a
machine without Cl Mail Relay. Prints TAP; the exit status is the number of checks that failed.
.EXAMPLE
powershell -ExecutionPolicy Bypass -File check-server.ps1 -Setup clrelay-0.1.0-setup.exe
#>
param([Parameter(Mandatory = $true)][string]$Setup)
$ErrorActionPreference = 'Stop'
$name = 'clrelay'
$data = Join-Path ([Environment]::GetFolderPath('CommonApplicationData')) 'Cl Mail Relay'
$state = Join-Path $data 'State'
$group = 'Cl Mail Relay Administrators'
$script:number = 0
$script:failed = 0

function Test-That([string]$What, [scriptblock]$Question) {
    $script:number++
    try { $answer = & $Question; $ok = [bool]$answer; $why = '' } catch { $ok = $false; $why = $_.Exception.Message }
    if (-not $ok) { $script:failed++ }
    Write-Output ('{0} {1} {2}' -f $(if ($ok) { 'ok' } else { 'not ok' }), $script:number, $What)
    if ($why) { Write-Output "# $why" }
}

function Wait-Until([int]$Seconds, [scriptblock]$Question) {
    $end = (Get-Date).AddSeconds($Seconds)
    while ((Get-Date) -lt $end) { if (& $Question) { return $true }; Start-Sleep -Milliseconds 500 }
    return $false
}

function Get-Names($Path) {
    # Everybody on the list, as security identifiers: names are translated.
    (Get-Acl -LiteralPath $Path).Access | ForEach-Object { $_.IdentityReference.Translate([Security.Principal.SecurityIdentifier]).Value }
}

$installed = Start-Process -FilePath (Resolve-Path $Setup) -ArgumentList '/S' -Wait -PassThru
Test-That 'the installer ends with 0' { $installed.ExitCode -eq 0 }
Test-That 'the service runs as NT SERVICE\clrelay, not as SYSTEM' {
    $process = Get-CimInstance Win32_Process -Filter "Name = 'clrelayd.exe'"
    (Invoke-CimMethod -InputObject $process -MethodName GetOwner).User -eq $name
}
Test-That 'it starts with the machine, delayed' {
    $key = Get-ItemProperty "HKLM:\SYSTEM\CurrentControlSet\Services\$name"
    $key.Start -eq 2 -and $key.DelayedAutostart -eq 1
}

$service = (New-Object Security.Principal.NTAccount("NT SERVICE\$name")).Translate([Security.Principal.SecurityIdentifier]).Value
$administrators = @('S-1-5-18', 'S-1-5-32-544')
Test-That 'the data folder is for SYSTEM, administrators and the service, and for nobody else' {
    $who = Get-Names $data
    ($who -contains $service) -and -not ($who | Where-Object { $_ -notin ($administrators + $service) })
}
Test-That 'the local group was made' { Get-LocalGroup -Name $group }
$sid = (Get-LocalGroup -Name $group -ErrorAction SilentlyContinue).SID.Value
Test-That 'the pass file is readable by the group, and for nobody but it, SYSTEM, administrators and the owner' {
    $who = Get-Names (Join-Path $state 'local.pass')
    ($who -contains $sid) -and -not ($who | Where-Object { $_ -notin ($administrators + $sid + 'S-1-3-4') })
}
Test-That 'the group may be renamed, and is still let in after a start' {
    Rename-LocalGroup -Name $group -NewName "$group 2"
    try { Restart-Service $name; (Get-Names (Join-Path $state 'local.pass')) -contains $sid }
    finally { Rename-LocalGroup -Name "$group 2" -NewName $group }
}

Test-That 'the event log has a sentence of the start' {
    Wait-Until 20 {
        Get-WinEvent -FilterHashtable @{ LogName = 'Application'; ProviderName = 'Cl Mail Relay'; Id = 1 } -MaxEvents 5 -ErrorAction SilentlyContinue |
            Where-Object { $_.Message -match '^ready: version' }
    }
}
Test-That 'killed, it is started again by the service manager within 30 s' {
    $before = (Get-CimInstance Win32_Service -Filter "Name = '$name'").ProcessId
    Stop-Process -Id $before -Force
    Wait-Until 30 { $now = Get-CimInstance Win32_Service -Filter "Name = '$name'"; $now.State -eq 'Running' -and $now.ProcessId -ne $before }
}
Test-That 'it stops within 60 s when told to' {
    Stop-Service $name
    (Get-Service $name).Status -eq 'Stopped'
}
Start-Service $name
Test-That 'the firewall lets the program in' {
    Get-NetFirewallRule -DisplayName 'Cl Mail Relay' | Where-Object { $_.Enabled -eq 'True' -and $_.Action -eq 'Allow' } |
        Get-NetFirewallApplicationFilter | Where-Object { $_.Program -like '*\clrelayd.exe' }
}
Write-Output "1..$($script:number)"
Write-Output '# By hand: restart the machine, and look whether event 2 says "the machine shuts down" before the system ends.'
exit $script:failed
