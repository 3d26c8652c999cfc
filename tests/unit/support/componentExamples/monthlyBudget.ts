import { MonthlyBudget } from '../../../../components/observability/monthlyBudget';

export const budget = new MonthlyBudget('budget', {
  scope: '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-plant',
  names: { owner: 'plant-nord', suffix: 'x7k2' },
  monthlyAmount: 250,
  emails: ['operator@example.com'],
});
